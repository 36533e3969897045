import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { HubError } from '@hubfuse/plugin';
import { showAddress } from './token.ts';

type Reach = 'public' | 'private' | 'machine' | 'link';

/** All addresses of a host name; rejects where it has none. */
export type HostLookup = (hostname: string) => Promise<readonly string[]>;

/** Milliseconds for which the reach of a name is believed. */
const KNOWN_MS = 30_000;
const MOST_KNOWN = 1_000;
/** Milliseconds within which a name is found, or left to the connection itself. */
const LOOKUP_MS = 5_000;

/**
 * A Hub says where its storage is, by redirects and by addresses in its answers, and nobody here knows the names of that. It
 * does not lead into the network of whoever runs hubfuse: what is not the Hub itself may be in public, or where the Hub
 * is (on this machine, in a private network), by number as well as by what a name stands for; never an address of the link (where clouds
 * hand out credentials), and none out of TLS.
 *
 * A name is looked up before it is connected to, which looks it up again. Between the two it may change, and then TLS, which
 * every public Hub has, keeps it from leading to anything that cannot show a certificate for the name.
 */
export class AddressGuard {
  readonly #hub: URL;
  readonly #lookUp: HostLookup | undefined;
  readonly #known = new Map<string, { reaches: Promise<ReadonlySet<Reach>>; until: number }>();

  /** @param options.lookUp undefined where names are not looked up */
  constructor({ hubUrl, lookUp }: { hubUrl: string; lookUp: HostLookup | undefined }) {
    this.#hub = new URL(hubUrl);
    this.#lookUp = lookUp;
  }

  /** @throws HubError `hub/redirect-refused` */
  async check(address: string): Promise<void> {
    const to = new URL(address);
    if (to.origin === this.#hub.origin) return;
    const isWeb = to.protocol === 'https:' || (to.protocol === 'http:' && this.#hub.protocol === 'http:');
    if (isWeb && (await this.#mayReach(to.hostname))) return;
    throw new HubError({
      code: 'hub/redirect-refused',
      where: showAddress(this.#hub.href),
      message: `the Hub leads to ${to.protocol}//${to.host}, where no storage of its own can be`,
      hint: 'ask whoever runs the Hub; a Hub leads to itself or to an address that is public like its own',
    });
  }

  async #mayReach(hostname: string): Promise<boolean> {
    const reaches = [...(await this.#reachesOf(hostname))];
    if (reaches.includes('link')) return false;
    if (reaches.every((reach) => reach === 'public')) return true;
    const own = await this.#reachesOf(this.#hub.hostname);
    return reaches.every((reach) => reach === 'public' || own.has(reach));
  }

  #reachesOf(hostname: string): Promise<ReadonlySet<Reach>> {
    const known = this.#known.get(hostname);
    if (known !== undefined && known.until > performance.now()) return known.reaches;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    const reaches = reachesOf(hostname, this.#lookUp);
    this.#known.set(hostname, { reaches, until: performance.now() + KNOWN_MS });
    return reaches;
  }
}

/** Looks names up as connections do. */
export const lookUpHost: HostLookup = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address);

async function reachesOf(hostname: string, lookUp: HostLookup | undefined): Promise<ReadonlySet<Reach>> {
  const literal = reachOf(hostname);
  const isName = isIP(hostname.replace(/^\[|\]$/g, '')) === 0;
  if (literal !== 'public' || !isName || lookUp === undefined) return new Set([literal]);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly string[]>((resolve) => {
    timer = setTimeout(resolve, LOOKUP_MS, []);
  });
  try {
    // What has no address here cannot be reached from here, unless by a proxy, which has a network of its own.
    const addresses = await Promise.race([lookUp(hostname), late]);
    return new Set(addresses.length === 0 ? [literal] : addresses.map(reachOf));
  } catch {
    return new Set([literal]);
  } finally {
    clearTimeout(timer);
  }
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
    if (/^fe[89ab]/.test(host) || host === 'fd00:ec2::254') return 'link';
    return /^f[cd]/.test(host) ? 'private' : 'public';
  }
  return 'public';
}
