import type { ApiContext } from './api-env.ts';
import { ApiError } from './api-error.ts';

/** What a client knows of what stands there, as `If-Match` and `If-None-Match` say it. */
export type Condition = { ifMatch: string } | { ifNoneMatch: '*' };

/** An etag as headers write it. */
export function quoted(etag: string): string {
  return `"${etag}"`;
}

/**
 * The condition of a request that changes something; undefined where it has none.
 * @throws ApiError 400 where it has one that cannot be kept
 */
export function conditionOf(c: ApiContext): Condition | undefined {
  const match = c.req.header('if-match');
  const none = c.req.header('if-none-match');
  if (match !== undefined && none !== undefined) throw bad('If-Match and If-None-Match exclude each other');
  if (none !== undefined) {
    if (none.trim() === '*') return { ifNoneMatch: '*' };
    throw bad('If-None-Match can only be * here: store it where nothing is');
  }
  if (match === undefined) return undefined;
  const [, etag] = /^\s*(?:"([\x21\x23-\x7e]{1,200})"|\*)\s*$/.exec(match) ?? [];
  if (etag === undefined && match.trim() !== '*') throw bad('If-Match names one etag in quotes, or *');
  return { ifMatch: etag ?? '*' };
}

function bad(message: string): ApiError {
  return new ApiError({ status: 400, code: 'request/condition', message, pointer: '/headers' });
}
