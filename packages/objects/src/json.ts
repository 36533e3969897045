import { type ObjectStore, StoreError } from '@hubfuse/plugin';

/** A JSON value as the bytes of an object: indented, because people look into these folders. */
export function toJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

/**
 * The JSON value of an object with its etag, or undefined where there is none. The type is the caller's claim: only
 * hubfuse writes below its prefixes.
 * @throws StoreError `store/not-json`.
 */
export async function getJson<T>(store: ObjectStore, key: string): Promise<{ value: T; etag: string } | undefined> {
  const found = await store.get(key);
  if (found === undefined) return undefined;
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(found.body)) as T, etag: found.etag };
  } catch (cause) {
    throw new StoreError({
      code: 'store/not-json',
      where: `${store.url}: ${key}`,
      message: 'the object is not JSON',
      hint: 'something other than hubfuse wrote it, or the disk lost a part of it: remove it and start again',
      cause,
    });
  }
}

/** All keys that begin with `prefix`, over all pages. */
export async function* listAll(store: ObjectStore, prefix: string): AsyncGenerator<string> {
  let after = '';
  for (;;) {
    const page = await store.list(prefix, after === '' ? {} : { after });
    yield* page.keys;
    const last = page.keys.at(-1);
    if (!page.more || last === undefined) return;
    after = last;
  }
}
