import { createHash } from 'node:crypto';
import { type KeyPage, type ObjectRange, type ObjectStore, type ObjectStoreFactory, StoreError } from '@hubfuse/plugin';
import { checkKey, checkPrefix } from '../keys.ts';

const DEFAULT_PAGE = 1000;

/** Objects in this process's memory: gone with it. Two stores opened by the same URL share their objects. */
class MemoryStore implements ObjectStore {
  readonly #objects: Map<string, { body: Uint8Array; etag: string }>;
  readonly url: string;

  constructor(url: string, objects: Map<string, { body: Uint8Array; etag: string }>) {
    this.url = url;
    this.#objects = objects;
  }

  async get(key: string): Promise<{ body: Uint8Array; etag: string } | undefined> {
    checkKey(key);
    const found = this.#objects.get(key);
    return found === undefined ? undefined : { body: found.body.slice(), etag: found.etag };
  }

  async read(key: string, range?: ObjectRange): Promise<AsyncIterable<Uint8Array> | undefined> {
    const found = await this.get(key);
    if (found === undefined) return undefined;
    const part = found.body.subarray(range?.start ?? 0, range?.end);
    return (async function* () {
      if (part.length > 0) yield part;
    })();
  }

  async create(key: string, body: Uint8Array): Promise<string | undefined> {
    checkKey(key);
    return this.#objects.has(key) ? undefined : this.#set(key, body);
  }

  async replace(key: string, body: Uint8Array, etag: string): Promise<string | undefined> {
    checkKey(key);
    return this.#objects.get(key)?.etag === etag ? this.#set(key, body) : undefined;
  }

  async put(key: string, body: Uint8Array): Promise<string> {
    checkKey(key);
    return this.#set(key, body);
  }

  async write(key: string, body: AsyncIterable<Uint8Array>): Promise<void> {
    checkKey(key);
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(part.slice());
    this.#set(key, Buffer.concat(parts));
  }

  async list(prefix: string, page: { after?: string; limit?: number } = {}): Promise<KeyPage> {
    checkPrefix(prefix);
    const after = page.after ?? '';
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const limit = page.limit ?? DEFAULT_PAGE;
    return { keys: keys.slice(0, limit), more: keys.length > limit };
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    this.#objects.delete(key);
  }

  #set(key: string, body: Uint8Array): string {
    for (const other of this.#objects.keys()) {
      if (other.startsWith(`${key}/`) || key.startsWith(`${other}/`)) {
        throw new StoreError({
          code: 'store/key-conflict',
          message: `the key "${key}" cannot be written beside "${other}": one is the folder of the other`,
        });
      }
    }
    const etag = createHash('sha256').update(body).digest('hex');
    this.#objects.set(key, { body: Uint8Array.from(body), etag });
    return etag;
  }
}

const stores = new Map<string, Map<string, { body: Uint8Array; etag: string }>>();

const memory: ObjectStoreFactory = {
  kind: 'store',
  name: 'memory',
  async open(url) {
    const objects = stores.get(url) ?? new Map<string, { body: Uint8Array; etag: string }>();
    stores.set(url, objects);
    return new MemoryStore(url, objects);
  },
};

export default memory;
