import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Semaphore } from '@hubfuse/plugin';
import type { HashWorkerData } from './hash-worker.ts';

/** What is read at a time. */
const CHUNK_BYTES = 1 << 20;
/** Hashing this much takes as long as a thread takes to start. */
const THREAD_BYTES = 32 << 20;

/**
 * SHA-256 of a file in hexadecimal, in bounded memory. Large files are hashed by threads of their own, as many at a time as there are
 * cores: whoever asks for several at once waits for the largest, not for their sum.
 */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  signal?.throwIfAborted();
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size >= THREAD_BYTES) return await threads.run(() => hashInThread(path, signal));
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, size)));
    for (let position = 0; ; ) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) return hash.digest('hex');
      signal?.throwIfAborted();
      position += bytesRead;
      hash.update(chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

const threads = new Semaphore(availableParallelism());

async function hashInThread(path: string, signal: AbortSignal | undefined): Promise<string> {
  signal?.throwIfAborted();
  const data: HashWorkerData = { path, chunkBytes: CHUNK_BYTES };
  const worker = new Worker(new URL('./hash-worker.js', import.meta.url), { workerData: data });
  let abort = () => {};
  try {
    return await new Promise<string>((resolve, reject) => {
      abort = () => reject(signal?.reason);
      signal?.addEventListener('abort', abort, { once: true });
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`the thread that hashes ${path} ended with code ${code}`)));
    });
  } finally {
    signal?.removeEventListener('abort', abort);
    await worker.terminate();
  }
}
