import type { SearchStore } from '@hubfuse/evolve';
import { type ObjectStore, RunError } from '@hubfuse/plugin';

/** A search's checkpoint as one object, replaced by compare-and-swap: two processes cannot both go on with a search. */
export function checkpointStore(options: { store: ObjectStore; key: string; runId: string }): SearchStore {
  const { store, key, runId } = options;
  let etag: string | undefined;
  return {
    async load() {
      const found = await store.get(key);
      etag = found?.etag;
      return found === undefined ? undefined : new TextDecoder().decode(found.body);
    },
    async save(text) {
      const body = new TextEncoder().encode(text);
      const saved = etag === undefined ? await store.create(key, body) : await store.replace(key, body, etag);
      etag = saved ?? (await ownEtag({ store, key, body }));
      if (etag !== undefined) return;
      throw new RunError({
        code: 'run/taken-over',
        message: `another process went on with the search of the run "${runId}"`,
        hint: 'this process stood still for too long; the other one goes on',
      });
    },
  };
}

/** A store behind a network may have carried out a write whose answer was lost and refuse its repetition. */
async function ownEtag(options: { store: ObjectStore; key: string; body: Uint8Array }): Promise<string | undefined> {
  const now = await options.store.get(options.key);
  return now !== undefined && Buffer.compare(now.body, options.body) === 0 ? now.etag : undefined;
}
