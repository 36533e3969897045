import { isIP } from 'node:net';
import { HubError } from '@hubfuse/plugin';
import { showAddress } from './token.ts';

type Reach = 'public' | 'private' | 'machine' | 'link';

/**
 * A Hub redirects downloads to its storage, whose name nobody here knows. It does not lead into the network of whoever runs
 * hubfuse: an address of this machine or of a private network is followed only where the Hub itself lies in such a
 * place, one of the link (where clouds hand out credentials) never, and none out of TLS.
 * @throws HubError `hub/redirect-refused`
 */
export function checkRedirect(to: URL, { from, hubUrl }: { from: string; hubUrl: string }): void {
  const hub = new URL(hubUrl);
  if (to.origin === hub.origin) return;
  const reach = reachOf(to.hostname);
  const isWeb = to.protocol === 'https:' || (to.protocol === 'http:' && new URL(from).protocol === 'http:');
  if (isWeb && reach !== 'link' && (reach === 'public' || reach === reachOf(hub.hostname))) return;
  throw new HubError({
    code: 'hub/redirect-refused',
    where: showAddress(from),
    message: `the Hub redirects to ${to.protocol}//${to.host}, where no storage of its own can be`,
    hint: 'ask whoever runs the Hub; a Hub redirects to itself or to an address that is public like its own',
  });
}

function reachOf(hostname: string): Reach {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === 'localhost' || host.endsWith('.localhost')) return 'machine';
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host);
  if (mapped !== null) {
    const bytes = [mapped[1], mapped[2]].flatMap((pair) => {
      const number = Number.parseInt(pair ?? '0', 16);
      return [number >> 8, number & 255];
    });
    return reachOf(bytes.join('.'));
  }
  if (isIP(host) === 4) {
    const [first = 0, second = 0] = host.split('.').map(Number);
    if (first === 127 || first === 0) return 'machine';
    if (first === 169 && second === 254) return 'link';
    const isPrivate =
      first === 10 ||
      (first === 172 && second >= 16 && second < 32) ||
      (first === 192 && second === 168) ||
      (first === 100 && second >= 64 && second < 128);
    return isPrivate ? 'private' : 'public';
  }
  if (isIP(host) === 6) {
    if (host === '::1' || host === '::') return 'machine';
    if (/^fe[89ab]/.test(host)) return 'link';
    return /^f[cd]/.test(host) ? 'private' : 'public';
  }
  return 'public';
}
