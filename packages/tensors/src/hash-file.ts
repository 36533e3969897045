import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** Large pieces: hashing is bound by the number of reads otherwise. */
const CHUNK_BYTES = 4 << 20;

/** SHA-256 of a file in hexadecimal, in bounded memory: one piece is read while the one before is hashed. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    const chunkBytes = Math.min(CHUNK_BYTES, Math.max(1, (await file.stat()).size));
    let [chunk, next] = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)];
    let position = 0;
    for (let reading = file.read(chunk, 0, chunkBytes, position); ; ) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return hash.digest('hex');
      signal?.throwIfAborted();
      position += bytesRead;
      reading = file.read(next, 0, chunkBytes, position);
      hash.update(chunk.subarray(0, bytesRead));
      [chunk, next] = [next, chunk];
    }
  } finally {
    await file.close();
  }
}
