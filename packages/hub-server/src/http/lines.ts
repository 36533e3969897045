import { HubRefusal } from './errors.ts';

/** Longest line of a commit: the largest file that goes without LFS, in base64, and some room. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;

/** The lines of a request's body as they arrive; one line is in memory at a time. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let pending: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      pending.push(chunk.subarray(start, end));
      yield Buffer.concat(pending).toString('utf8');
      pending = [];
      size = 0;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    pending.push(chunk.subarray(start));
    size += chunk.length - start;
    if (size > MAX_LINE_BYTES) {
      throw new HubRefusal({ status: 413, message: 'A line of the commit is too long: send large files through LFS' });
    }
  }
  if (pending.length > 0) yield Buffer.concat(pending).toString('utf8');
}
