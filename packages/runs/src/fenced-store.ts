import { type ObjectStore, type StoredObject, StoreError } from '@hubfuse/plugin';
import type { Lease } from './lease.ts';

const MOST_CONFLICTS = 20;

/**
 * A store through which an execution writes only while it owns its run: every write waits for the lease to be confirmed.
 * An object that is put is replaced by compare-and-swap from what stood there before the confirmation, so that a process that
 * stands still just then and loses its run cannot put it over what the next owner made. One that is streamed cannot be, so its key
 * has to be one that nobody else writes to: what was written in vain is removed.
 */
export function fencedStore(store: ObjectStore, lease: Pick<Lease, 'confirm'>): ObjectStore {
  const fenced = async <T>(write: () => Promise<T>): Promise<T> => {
    await lease.confirm();
    return await write();
  };
  return {
    url: store.url,
    get: (key) => store.get(key),
    read: (key, range) => store.read(key, range),
    list: (prefix, page) => store.list(prefix, page),
    create: (key, body) => fenced(() => store.create(key, body)),
    replace: (key, body, etag) => fenced(() => store.replace(key, body, etag)),
    delete: (key) => fenced(() => store.delete(key)),
    async write(key, body) {
      await fenced(() => store.write(key, confirmedAtItsEnd(body, lease)));
      await lease.confirm().catch(async (error: unknown) => {
        await store.delete(key);
        throw error;
      });
    },
    async put(key, body) {
      for (let attempt = 0; attempt < MOST_CONFLICTS; attempt++) {
        const before: StoredObject | undefined = await store.get(key);
        const etag = await fenced(() =>
          before === undefined ? store.create(key, body) : store.replace(key, body, before.etag),
        );
        if (etag === undefined) continue;
        if (before === undefined) await requireStill({ store, lease, key, etag });
        return etag;
      }
      throw new StoreError({
        code: 'store/contended',
        where: `${store.url}: ${key}`,
        message: `the object changed ${MOST_CONFLICTS} times while it was to be written`,
        hint: 'more than one process works on the run: end one of them',
      });
    },
  };
}

/**
 * Takes back an object that a process created after it had stood still in the middle of the write: the next owner may have
 * made it, used it and removed it meanwhile.
 */
async function requireStill(options: {
  store: ObjectStore;
  lease: Pick<Lease, 'confirm'>;
  key: string;
  etag: string;
}): Promise<void> {
  const { store, lease, key, etag } = options;
  try {
    await lease.confirm();
  } catch (error) {
    if ((await store.get(key))?.etag === etag) await store.delete(key);
    throw error;
  }
}

/** The same bytes. A body that breaks leaves what stood there, so a lease that was lost meanwhile breaks it. */
async function* confirmedAtItsEnd(
  body: AsyncIterable<Uint8Array>,
  lease: Pick<Lease, 'confirm'>,
): AsyncGenerator<Uint8Array> {
  yield* body;
  await lease.confirm();
}
