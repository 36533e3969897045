import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds for which an answer waits for its first line, so that what cannot be read at all is told by its status. */
const FIRST_MS = 1_000;

/** Lines as a body, sent as they come: a job that runs goes on to write. @throws what reading fails with before there is any */
export async function streamLines(
  lines: AsyncIterable<string>,
  firstMs = FIRST_MS,
): Promise<ReadableStream<Uint8Array>> {
  const iterator = lines[Symbol.asyncIterator]();
  const first = iterator.next();
  first.catch(() => undefined);
  const stop = new AbortController();
  const patience = wait(firstMs, undefined, { signal: stop.signal }).catch(() => undefined);
  try {
    await Promise.race([first, patience]);
  } finally {
    stop.abort();
  }
  return ReadableStream.from(encoded(first, iterator)) as ReadableStream<Uint8Array>;
}

async function* encoded(
  first: Promise<IteratorResult<string>>,
  iterator: AsyncIterator<string>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  try {
    for (let next = await first; next.done !== true; next = await iterator.next())
      yield encoder.encode(`${next.value}\n`);
  } finally {
    await iterator.return?.(undefined);
  }
}
