import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Headers that scripts of other sites may read; the clients in browsers need them. */
const EXPOSED = [
  'Accept-Ranges',
  'Content-Range',
  'ETag',
  'Link',
  'X-Error-Code',
  'X-Error-Message',
  'X-Linked-ETag',
  'X-Linked-Size',
  'X-Repo-Commit',
  'X-Request-Id',
  'X-Total-Count',
].join(',');

/**
 * What every reply carries: an id that clients show in their errors, and the permission for browsers to read what is
 * public. Requests with a token are not permitted to other sites, so none can write here or read what is private.
 */
export function setCommonHeaders(incoming: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.setHeader('X-Request-Id', `Root=${randomUUID()}`);
  if (incoming.method !== 'GET' && incoming.method !== 'HEAD' && incoming.method !== 'OPTIONS') return;
  outgoing.setHeader('Access-Control-Allow-Origin', '*');
  outgoing.setHeader('Access-Control-Expose-Headers', EXPOSED);
  if (incoming.method !== 'OPTIONS') return;
  outgoing.setHeader('Access-Control-Allow-Methods', 'GET, HEAD');
  outgoing.setHeader('Access-Control-Allow-Headers', 'Range, Accept, If-None-Match, If-Range');
}
