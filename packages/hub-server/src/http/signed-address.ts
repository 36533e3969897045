import { createHmac, timingSafeEqual } from 'node:crypto';
import { HubRefusal } from './errors.ts';

/** How long an upload may take from its announcement to its last byte. */
const VALID_SECONDS = 24 * 60 * 60;

/** A path with parameters that only this Hub can have made: clients send no token to upload addresses. */
export function signPath(secret: string, path: string, fields: Readonly<Record<string, string | number>>): string {
  const expires = Math.floor(Date.now() / 1000) + VALID_SECONDS;
  const query = new URLSearchParams({ ...stringFields(fields), expires: String(expires) });
  query.sort();
  return `${path}?${query}&signature=${signature(secret, `${path}?${query}`)}`;
}

/** The fields of a signed path. @throws HubRefusal 403 where the signature is not ours or too old. */
export function verifyPath(secret: string, url: string): URLSearchParams {
  const { pathname, searchParams } = new URL(url);
  const given = Buffer.from(searchParams.get('signature') ?? '');
  searchParams.delete('signature');
  searchParams.sort();
  const right = Buffer.from(signature(secret, `${pathname}?${searchParams}`));
  if (given.length !== right.length || !timingSafeEqual(given, right)) {
    throw new HubRefusal({ status: 403, message: 'The signature of this address is not valid' });
  }
  if (Number(searchParams.get('expires')) < Date.now() / 1000) {
    throw new HubRefusal({ status: 403, message: 'This address has expired: ask for a new one' });
  }
  return searchParams;
}

function stringFields(fields: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
}

function signature(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}
