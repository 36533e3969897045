import { createHash } from 'node:crypto';
import { type KeyPage, type ObjectRange, type ObjectStore, type ObjectStoreFactory, StoreError } from '@hubfuse/plugin';
import { checkKey, checkPrefix } from '../keys.ts';

const DEFAULT_PAGE = 1000;

/** What the stores of one URL share. */
interface Contents {
  objects: Map<string, { body: Uint8Array; etag: string }>;
  /** How many objects lie below each folder. */
  folders: Map<string, number>;
}

/** Objects in this process's memory: gone with it. Two stores opened by the same URL share their objects. */
class MemoryStore implements ObjectStore {
  readonly #objects: Contents['objects'];
  readonly #folders: Contents['folders'];
  readonly url: string;

  constructor(url: string, { objects, folders }: Contents) {
    this.url = url;
    this.#objects = objects;
    this.#folders = folders;
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
    if (!this.#objects.delete(key)) return;
    for (const folder of foldersOf(key)) this.#folders.set(folder, (this.#folders.get(folder) ?? 1) - 1);
  }

  #set(key: string, body: Uint8Array): string {
    const folders = foldersOf(key);
    const other = folders.find((folder) => this.#objects.has(folder)) ?? this.#below(key);
    if (other !== undefined) {
      throw new StoreError({
        code: 'store/key-conflict',
        message: `the key "${key}" cannot be written beside "${other}": one is the folder of the other`,
      });
    }
    if (!this.#objects.has(key)) {
      for (const folder of folders) this.#folders.set(folder, (this.#folders.get(folder) ?? 0) + 1);
    }
    const etag = createHash('sha256').update(body).digest('hex');
    this.#objects.set(key, { body: Uint8Array.from(body), etag });
    return etag;
  }

  /** An object that lies below a key. */
  #below(key: string): string | undefined {
    if ((this.#folders.get(key) ?? 0) === 0) return undefined;
    return [...this.#objects.keys()].find((other) => other.startsWith(`${key}/`));
  }
}

/** `a` and `a/b` for `a/b/c`. */
function foldersOf(key: string): string[] {
  const segments = key.split('/').slice(0, -1);
  return segments.map((_, index) => segments.slice(0, index + 1).join('/'));
}

const stores = new Map<string, Contents>();

const memory: ObjectStoreFactory = {
  kind: 'store',
  name: 'memory',
  async open(url) {
    const contents: Contents = stores.get(url) ?? { objects: new Map(), folders: new Map() };
    stores.set(url, contents);
    return new MemoryStore(url, contents);
  },
};

export default memory;
