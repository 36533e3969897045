import type { ApiContext } from './api-env.ts';

/** Answers with JSON that is text already: made from what the route declares, perhaps for an earlier request. */
export function jsonText(c: ApiContext, text: string): Response {
  return c.body(text, 200, { 'content-type': 'application/json' });
}
