import { HubError } from '@hubfuse/plugin';
import { showAddress } from './token.ts';
import type { OpenResponse, Transport } from './transport.ts';

export const MAX_REDIRECTS = 5;

/**
 * Opens an address and, unless the caller wants to see redirects, what it redirects to, as `fetch` would; every step is checked
 * by `open`, and what belongs to the Hub alone goes to the Hub alone.
 * @throws HubError `hub/redirects` where there is no end
 */
export async function followRedirects(input: {
  open: Transport['open'];
  address: string;
  init?: RequestInit | undefined;
}): Promise<{ opened: OpenResponse; address: string }> {
  let { address, init = {} } = input;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const opened = await input.open(address, init);
    const { status, headers } = opened.response;
    const location = headers.get('location');
    const isRedirect = [301, 302, 303, 307, 308].includes(status) && location !== null;
    if (!isRedirect || init.redirect === 'manual') return { opened, address };
    opened.close();
    address = new URL(location, address).href;
    if (turnsIntoReading(status, init.method)) init = readingOnly(init);
  }
  throw new HubError({
    code: 'hub/redirects',
    where: showAddress(input.address),
    message: `the Hub redirects more than ${MAX_REDIRECTS} times`,
  });
}

/** Fetch's rule: what was posted is done, and only its outcome lies elsewhere. */
function turnsIntoReading(status: number, method = 'GET'): boolean {
  return status === 303 ? !['GET', 'HEAD'].includes(method) : status < 303 && method === 'POST';
}

function readingOnly({ body: _, ...init }: RequestInit): RequestInit {
  const headers = new Headers(init.headers);
  for (const name of ['content-type', 'content-length', 'content-encoding']) headers.delete(name);
  return { ...init, method: 'GET', headers };
}
