import type { ObjectStore } from '@hubfuse/plugin';

const WRITES = new Set(['create', 'replace', 'put', 'write', 'delete']);

/** The same store; `before` is told of every request and may refuse it. */
export function watchedStore(
  store: ObjectStore,
  before: (request: { name: string; key: string; writes: boolean }) => void,
): ObjectStore {
  const tell = (name: string, key: string): void => before({ name, key, writes: WRITES.has(name) });
  return {
    url: store.url,
    async get(key) {
      tell('get', key);
      return await store.get(key);
    },
    async read(key, range) {
      tell('read', key);
      return await store.read(key, range);
    },
    async list(prefix, page) {
      tell('list', prefix);
      return await store.list(prefix, page);
    },
    async create(key, body) {
      tell('create', key);
      return await store.create(key, body);
    },
    async replace(key, body, etag) {
      tell('replace', key);
      return await store.replace(key, body, etag);
    },
    async put(key, body) {
      tell('put', key);
      return await store.put(key, body);
    },
    async write(key, body) {
      tell('write', key);
      await store.write(key, body);
    },
    async delete(key) {
      tell('delete', key);
      await store.delete(key);
    },
  };
}

/** A store as a process sees it that is killed after so many writes: everything that it does later does not happen. */
export function killedStore(store: ObjectStore, afterWrites: number): ObjectStore & { killed: () => boolean } {
  let writes = 0;
  let killed = false;
  const watched = watchedStore(store, (request) => {
    if (request.writes && writes++ >= afterWrites) killed = true;
    if (killed) throw new Error('killed');
  });
  return { ...watched, killed: () => killed };
}
