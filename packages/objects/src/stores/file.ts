import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  type KeyPage,
  type ObjectRange,
  type ObjectStore,
  type ObjectStoreFactory,
  type StoredObject,
  StoreError,
} from '@hubfuse/plugin';
import { checkKey, checkPrefix } from '../keys.ts';
import { errorCode, ignoring, isDead, processTag, withLock } from '../lock.ts';
import { QuickLooks } from '../quick-looks.ts';
import { etagOf, SmallFiles } from '../small-files.ts';
import { SmallFolders } from '../small-folders.ts';

const DEFAULT_PAGE = 1000;
/** How often one write may be interrupted: by half a minute in which the process stands still, by its folder's removal. */
const MOST_INTERRUPTIONS = 5;
/** Paths that are remembered. */
const MOST_PATHS = 10_000;
/** Not a legal first segment of a key, so no object can fall in there. */
const INTERNALS = '.store';

/**
 * Objects as files of a folder: the key is the path. A body is written to a temporary file, synced, and takes its
 * final name by link (create) or rename (replace, put, write), so that no reader and no crash sees half of one.
 */
class FileStore implements ObjectStore {
  readonly url: string;
  readonly #root: string;
  readonly #temporary: string;
  readonly #locks: string;
  readonly #looks = new QuickLooks();
  readonly #small = new SmallFiles(this.#looks);
  readonly #folders = new SmallFolders(this.#looks);
  readonly #paths = new Map<string, string>();

  constructor(root: string) {
    this.#root = root;
    this.url = pathToFileURL(root).href;
    this.#temporary = join(root, INTERNALS, 'temporary');
    this.#locks = join(root, INTERNALS, 'locks');
  }

  /** Makes the folder and removes what killed processes left behind. */
  async prepare(): Promise<void> {
    await mkdir(this.#temporary, { recursive: true });
    await mkdir(this.#locks, { recursive: true });
    for (const name of await readdir(this.#temporary)) {
      const tag = name.replace(/^lock\./, '').replace(/\.[^.]*$/, '');
      if (isDead(tag)) await rm(join(this.#temporary, name), { recursive: true, force: true });
    }
  }

  async get(key: string): Promise<StoredObject | undefined> {
    return (await this.#small.read(this.#path(key)).catch(absent)) ?? undefined;
  }

  async read(key: string, range?: ObjectRange): Promise<AsyncIterable<Uint8Array> | undefined> {
    const handle = await open(this.#path(key), 'r').catch(absent);
    if (handle === undefined) return undefined;
    const { size } = await handle.stat();
    const start = Math.min(range?.start ?? 0, size);
    const end = Math.min(range?.end ?? size, size);
    if (end <= start) {
      await handle.close();
      return (async function* () {})();
    }
    return createReadStream('', { fd: handle, start, end: end - 1, highWaterMark: 1 << 20 });
  }

  async create(key: string, body: Uint8Array): Promise<string | undefined> {
    const path = this.#path(key);
    const temporary = await this.#writeTemporary([body]);
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          await this.#place(key, path, () => link(temporary, path));
          return etagOf(body);
        } catch (error) {
          if (errorCode(error) === 'EEXIST') return undefined;
          // Its folder was empty and has been removed since it was made.
          if (errorCode(error) !== 'ENOENT' || attempt >= MOST_INTERRUPTIONS) throw error;
        }
      }
    } finally {
      await unlink(temporary);
    }
  }

  async replace(key: string, body: Uint8Array, etag: string): Promise<string | undefined> {
    const path = this.#path(key);
    return this.#placeExclusively({
      key,
      body,
      permit: async () => {
        const now = await readFile(path).catch(absent);
        return now !== undefined && etagOf(now) === etag ? etagOf(body) : undefined;
      },
    });
  }

  async put(key: string, body: Uint8Array): Promise<string> {
    await this.#placeExclusively({ key, body, permit: async () => true });
    return etagOf(body);
  }

  async write(key: string, body: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#placeExclusively({ key, body, permit: async () => true });
  }

  async list(prefix: string, page: { after?: string; limit?: number } = {}): Promise<KeyPage> {
    checkPrefix(prefix);
    const limit = page.limit ?? DEFAULT_PAGE;
    const keys: string[] = [];
    const folder = prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/') + 1) : '';
    for await (const key of this.#walk(folder, prefix, page.after ?? '')) {
      if (keys.length === limit) return { keys, more: true };
      keys.push(key);
    }
    return { keys, more: false };
  }

  async delete(key: string): Promise<void> {
    const path = this.#path(key);
    const lock = { path: this.#lockOf(key), scratch: this.#temporary };
    await withLock(lock, async (held) => {
      // Whoever stood still and lost the lock may find what the next owner wrote.
      if (await isFile(held)) await unlink(path).catch(absent);
    });
    await this.#removeEmpty(dirname(path));
  }

  /** Keys below `folder` in order of their bytes: a folder sorts as its name with the slash that follows it. */
  async *#walk(folder: string, prefix: string, after: string): AsyncGenerator<string> {
    for (const own of await this.#folders.read(join(this.#root, folder))) {
      const name = `${folder}${own}`;
      if (name.endsWith('/')) {
        const mayHold = name.startsWith(prefix) || prefix.startsWith(name);
        // A folder is behind `after` as a whole only where its name is smaller and `after` is not inside.
        if (mayHold && (name > after || after.startsWith(name))) yield* this.#walk(name, prefix, after);
      } else if (name.startsWith(prefix) && name > after) yield name;
    }
  }

  #path(key: string): string {
    const known = this.#paths.get(key);
    if (known !== undefined) return known;
    const path = join(this.#root, ...checkKey(key));
    if (this.#paths.size >= MOST_PATHS) this.#paths.clear();
    this.#paths.set(key, path);
    return path;
  }

  /** Folders that hold nothing are no objects, and every listing would look into them. */
  async #removeEmpty(folder: string): Promise<void> {
    for (let path = folder; path !== this.#root; path = dirname(path)) {
      try {
        await rmdir(path);
      } catch {
        return;
      }
    }
  }

  #lockOf(key: string): string {
    return join(this.#locks, createHash('sha256').update(key).digest('hex').slice(0, 40));
  }

  /**
   * Writes a file that takes its final name while nobody else changes the object and only where `permit` has an answer, which
   * is returned. A process that stood still and lost its lock meanwhile starts over.
   */
  async #placeExclusively<T>(options: {
    key: string;
    body: Uint8Array | AsyncIterable<Uint8Array>;
    permit: () => Promise<T | undefined>;
  }): Promise<T | undefined> {
    const { key, body, permit } = options;
    const path = this.#path(key);
    const place = async (held: string): Promise<{ answer: T | undefined } | undefined> => {
      const answer = await permit();
      if (answer === undefined) return { answer };
      for (let attempt = 1; ; attempt++) {
        try {
          await this.#place(key, path, () => rename(held, path));
          return { answer };
        } catch (error) {
          if (errorCode(error) !== 'ENOENT') throw error;
          // Either the lock is lost, or the folder was empty and has been removed since it was made.
          if (attempt >= MOST_INTERRUPTIONS || !(await isFile(held))) return undefined;
        }
      }
    };
    for (let attempt = 0; attempt < MOST_INTERRUPTIONS; attempt++) {
      const file = await this.#writeTemporary(body instanceof Uint8Array ? [body] : body);
      const lock = { path: this.#lockOf(key), scratch: this.#temporary, file };
      const placed = await withLock(lock, place);
      if (placed !== undefined) return placed.answer;
      if (!(body instanceof Uint8Array)) break;
    }
    throw new StoreError({
      code: 'store/interrupted',
      where: `${this.url}: ${key}`,
      message: 'the process stood still while it wrote the object, and others may have written it since',
      hint: 'write it again',
    });
  }

  async #writeTemporary(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
    const path = join(this.#temporary, `${processTag()}.${randomUUID()}`);
    const handle = await open(path, 'wx');
    try {
      for await (const part of body) await writeAll(handle, part);
      await handle.sync();
    } catch (error) {
      await handle.close();
      await rm(path, { force: true });
      throw error;
    }
    await handle.close();
    return path;
  }

  /** Gives a synced file its final name and syncs the folder, so that the name survives a power cut too. */
  async #place(key: string, path: string, take: () => Promise<void>): Promise<void> {
    try {
      await mkdir(dirname(path), { recursive: true });
      await take();
    } catch (error) {
      const code = errorCode(error);
      const isFolder = code === 'EEXIST' && (await stat(path).catch(absent))?.isDirectory();
      if (code === 'ENOTDIR' || code === 'EISDIR' || isFolder || (code === 'EEXIST' && (await isFile(dirname(path))))) {
        throw new StoreError({
          code: 'store/key-conflict',
          message: `the key "${key}" cannot be written: it is the folder of another key, or another key is its folder`,
          cause: error,
        });
      }
      throw error;
    }
    await syncFolder(dirname(path));
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(absent))?.isFile() ?? false;
}

function absent(error: unknown): undefined {
  ignoring('ENOENT', 'ENOTDIR', 'EISDIR')(error);
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders; there the rename alone has to do.
  // A folder that is gone has been emptied again.
  const handle = await open(path, 'r').catch(ignoring('EISDIR', 'EPERM', 'EACCES', 'ENOENT'));
  if (handle === undefined) return;
  try {
    await handle.sync().catch(ignoring('EINVAL', 'EPERM', 'ENOTSUP'));
  } finally {
    await handle.close();
  }
}

const file: ObjectStoreFactory = {
  kind: 'store',
  name: 'file',
  async open(url) {
    const store = new FileStore(resolve(fileURLToPath(url)));
    await store.prepare();
    return store;
  },
};

export default file;
