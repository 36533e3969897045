import { type ObjectStore, StoreError } from '@hubfuse/plugin';

/** How a kind of object is written, over the versions of hubfuse. */
export interface JsonFormat {
  /** Rises with every change that older versions would misread. */
  version: number;
  /** Written without indentation. Default false. */
  dense?: boolean;
  /** Turns a value of an older version into one of this. Version 0, which only lacked the number, comes as 1. */
  migrate?(value: unknown, version: number): unknown;
}

/** The format of whatever has never changed. */
const FIRST: JsonFormat = { version: 1 };

/**
 * A JSON value as the bytes of an object, with the version of its format around it: indented, because people look into
 * these folders. `dense` is for what is large and written often.
 */
export function toJson(
  value: unknown,
  { version, dense = false }: Pick<JsonFormat, 'version' | 'dense'> = FIRST,
): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ format: version, value }, null, dense ? 0 : 2)}\n`);
}

/**
 * The JSON value of an object with its etag, or undefined where there is none. What an older version of hubfuse wrote is
 * migrated. The type is the caller's claim: only hubfuse writes below its prefixes.
 * @throws StoreError `store/not-json`; `store/newer-format` for what a newer version of hubfuse wrote.
 */
export async function getJson<T>(
  store: ObjectStore,
  key: string,
  format: JsonFormat = FIRST,
): Promise<{ value: T; etag: string } | undefined> {
  const found = await store.get(key);
  if (found === undefined) return undefined;
  return { value: jsonOf<T>(found.body, { where: `${store.url}: ${key}`, format }), etag: found.etag };
}

/** The JSON value in the bytes of an object, as `getJson` reads it. @param options.where what errors call the object */
export function jsonOf<T>(body: Uint8Array, options: { where: string; format?: JsonFormat }): T {
  const { where, format = FIRST } = options;
  return current(parse(body, where), format, where) as T;
}

function parse(body: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new StoreError({
      code: 'store/not-json',
      where,
      message: 'the object is not JSON',
      hint: 'something other than hubfuse wrote it, or the disk lost a part of it: remove it and start again',
      cause,
    });
  }
}

/** The value in today's format. */
function current(document: unknown, format: JsonFormat, where: string): unknown {
  const { version, value } = unwrap(document);
  if (version > format.version) {
    throw new StoreError({
      code: 'store/newer-format',
      where,
      message: `the object has the format ${version}, and this version of hubfuse reads formats up to ${format.version}`,
      hint: 'a newer version of hubfuse wrote it: go on with that version',
    });
  }
  if (version === format.version || format.migrate === undefined) return value;
  return format.migrate(value, Math.max(1, version));
}

/** Before formats had versions a value stood alone. */
function unwrap(document: unknown): { version: number; value: unknown } {
  if (typeof document === 'object' && document !== null && 'format' in document && 'value' in document) {
    const { format, value } = document;
    if (typeof format === 'number') return { version: format, value };
  }
  return { version: 0, value: document };
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
