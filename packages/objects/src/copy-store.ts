import type { ObjectStore } from '@hubfuse/plugin';
import { listAll } from './json.ts';

export interface CopyOptions {
  from: ObjectStore;
  to: ObjectStore;
  signal?: AbortSignal | undefined;
  /** Told after each object. */
  onProgress?: ((copied: { key: string; objects: number; bytes: number }) => void) | undefined;
}

/**
 * Copies every object of a store into another one, in bounded memory, over what stands there under the same keys, in the order of
 * the keys: the state of a run comes behind what it names. Killed and done again it ends with the same objects. Nothing may write to `from` meanwhile, and nothing of `to` is deleted.
 */
export async function copyStore(options: CopyOptions): Promise<{ objects: number; bytes: number }> {
  const { from, to, signal, onProgress } = options;
  let [objects, bytes] = [0, 0];
  for await (const key of listAll(from, '')) {
    signal?.throwIfAborted();
    const body = await from.read(key);
    // Deleted since it was listed.
    if (body === undefined) continue;
    await to.write(
      key,
      (async function* () {
        for await (const part of body) {
          bytes += part.length;
          yield part;
        }
      })(),
    );
    objects++;
    onProgress?.({ key, objects, bytes });
  }
  return { objects, bytes };
}
