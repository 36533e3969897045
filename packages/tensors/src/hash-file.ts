import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** Large pieces: hashing is bound by the number of reads otherwise. */
const CHUNK_BYTES = 4 << 20;

/** SHA-256 of a file in hexadecimal, in bounded memory. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    // Asked for here, not given to the stream: many files hashed at once would each listen to the one signal.
    signal?.throwIfAborted();
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
