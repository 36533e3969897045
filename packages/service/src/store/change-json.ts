import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { getJson, type JsonFormat, toJson } from '@hubfuse/objects';
import { type ObjectStore, StoreError } from '@hubfuse/plugin';

const MOST_CONFLICTS = 100;
const LONGEST_PAUSE_MS = 50;

/** A state object; the nonce tells a writer its own write after a lost answer. */
export type WithNonce<T> = T & { nonce: string };

/**
 * Changes a JSON object by compare-and-swap: reads it, lets `change` make the next value of what is there (undefined where
 * nothing is), writes it if nothing came between, else starts over. `change` may run several times and must do nothing
 * but compute; returning undefined leaves all as it is.
 * @returns the value that stands there afterwards
 */
export async function changeJson<T extends object>(
  options: { store: ObjectStore; key: string; format?: JsonFormat },
  change: (value: T | undefined) => T | undefined,
): Promise<{ value: T; etag: string } | undefined> {
  const { store, key, format = { version: 1 } } = options;
  for (let attempt = 0; attempt < MOST_CONFLICTS; attempt++) {
    const found = await getJson<WithNonce<T>>(store, key, format);
    const next = change(found?.value);
    if (next === undefined) return found;
    const value = { ...next, nonce: randomUUID() };
    const body = toJson(value, format);
    const etag = found === undefined ? await store.create(key, body) : await store.replace(key, body, found.etag);
    if (etag !== undefined) return { value, etag };
    // A store behind a network may have carried out a write whose answer was lost and refuse its repetition.
    const now = await getJson<WithNonce<T>>(store, key, format);
    if (now?.value.nonce === value.nonce) return now;
    await sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, 2 ** attempt));
  }
  throw new StoreError({
    code: 'store/busy',
    message: `the object ${key} changed ${MOST_CONFLICTS} times while it was to be written`,
    hint: 'more processes write to this store than it can serve: try again',
  });
}
