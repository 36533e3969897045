import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

// Hashes one file and ends. It imports nothing of ours: a thread that hashes should be there at once.

/** What the thread is given. */
export interface HashWorkerData {
  path: string;
  chunkBytes: number;
}

const { path, chunkBytes } = workerData as HashWorkerData;
const hash = createHash('sha256');
const file = openSync(path, 'r');
try {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  for (let position = 0; ; ) {
    const count = readSync(file, chunk, 0, chunkBytes, position);
    if (count === 0) break;
    hash.update(chunk.subarray(0, count));
    position += count;
  }
} finally {
  closeSync(file);
}
parentPort?.postMessage(hash.digest('hex'));
