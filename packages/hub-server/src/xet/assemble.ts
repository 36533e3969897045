import type { BlobStore, StoredBlob } from '../storage/blob-store.ts';
import { malformed } from './malformed.ts';
import type { Run, ShardFile } from './shard.ts';
import type { XorbStore } from './xorb-store.ts';

/**
 * Puts a file together from the chunks of xorbs; it becomes a blob like any other upload.
 * @throws HubError where chunks are missing or the content is not what the shard announces.
 */
export async function assembleFile(
  { blobs, xorbs, account }: { blobs: BlobStore; xorbs: XorbStore; account: string },
  file: ShardFile,
): Promise<StoredBlob> {
  const size = file.runs.reduce((sum, run) => sum + run.bytes, 0);
  const chunks = contentOf({ xorbs, account }, file);
  const { sha256 } = file;
  const blob = await blobs.receive({ chunks, ...(sha256 === undefined ? {} : { expected: { sha256, size } }) });
  for (const [hash, runs] of runsByXorb(file)) await xorbs.place({ account, hash }, runs, blob.sha256);
  return blob;
}

/** The runs of each xorb with their places in the file. */
function runsByXorb(file: ShardFile): Map<string, (Run & { offset: number })[]> {
  const byXorb = new Map<string, (Run & { offset: number })[]>();
  let offset = 0;
  for (const run of file.runs) {
    byXorb.set(run.xorb, [...(byXorb.get(run.xorb) ?? []), { ...run, offset }]);
    offset += run.bytes;
  }
  return byXorb;
}

async function* contentOf(
  { xorbs, account }: { xorbs: XorbStore; account: string },
  file: ShardFile,
): AsyncGenerator<Uint8Array> {
  for (const run of file.runs) {
    let left = run.bytes;
    for await (const chunk of xorbs.read({ account, hash: run.xorb }, run)) {
      left -= chunk.length;
      yield chunk;
    }
    if (left !== 0) throw malformed(`a run of the xorb ${run.xorb} has another length than the shard says`);
  }
}
