import { badRequest } from './errors.ts';
import { baseUrl, type Hub, type HubRequest } from './request.ts';

/**
 * One page of a list, with the address of the next one in the header `Link`, as the Hub does. `limit` of the query asks
 * for less than the server's page size, `cursor` says where the page begins.
 */
export function page<T>(hub: Hub, c: HubRequest, all: readonly T[]): T[] {
  const limit = pageLimit(hub, c);
  const start = pageStart(c);
  if (start + limit < all.length) linkNext(hub, c, start + limit);
  return all.slice(start, start + limit);
}

export function pageLimit(hub: Hub, c: HubRequest): number {
  const asked = c.req.query('limit');
  if (asked === undefined) return hub.pageSize;
  if (!/^\d+$/.test(asked) || Number(asked) === 0) throw badRequest(`limit is "${asked}", not a number above 0`);
  return Math.min(Number(asked), hub.pageSize);
}

export function pageStart(c: HubRequest): number {
  const cursor = c.req.query('cursor');
  if (cursor === undefined) return 0;
  const text = Buffer.from(cursor, 'base64url').toString();
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`cursor "${cursor}" is none of this Hub`);
  return Number(text);
}

export function linkNext(hub: Hub, c: HubRequest, start: number): void {
  const { pathname, searchParams } = new URL(c.req.url);
  searchParams.set('cursor', Buffer.from(String(start)).toString('base64url'));
  c.header('Link', `<${baseUrl(hub, c)}${pathname}?${searchParams}>; rel="next"`);
}
