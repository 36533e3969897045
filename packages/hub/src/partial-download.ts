import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelFile } from '@hubfuse/plugin';
import { blobName, type RepoCache } from './cache-layout.ts';
import { startChecksum } from './checksum.ts';
import type { ByteRange } from './ranged-reader.ts';

const DATA = 'data';
const JOURNAL = 'journal';
const HASH_BYTES = 1 << 20;

/**
 * The contents of one file on their way into the cache: the data, with holes, and a journal of the ranges that are
 * written. Both live in a folder of their own beside `blobs`: Python's client continues `<name>.incomplete` from its
 * length, which a file with holes would mislead. Only this object writes there; a later process takes the folder over by
 * renaming it, which exactly one can.
 */
export class PartialDownload {
  readonly folder: string;
  readonly file: ModelFile;
  readonly #data: FileHandle;
  readonly #journal: FileHandle;
  #done: ByteRange[];
  readonly #checksum: ReturnType<typeof startChecksum>;
  #hashed = 0;
  #hashing: Promise<void> = Promise.resolve();

  private constructor(input: {
    folder: string;
    file: ModelFile;
    data: FileHandle;
    journal: FileHandle;
    done: ByteRange[];
  }) {
    this.folder = input.folder;
    this.file = input.file;
    this.#data = input.data;
    this.#journal = input.journal;
    this.#done = input.done;
    this.#checksum = startChecksum(input.file);
  }

  /** Continues what an earlier process left, else begins. `shared`: its writer may still live, so it is copied. */
  static async open(cache: RepoCache, file: ModelFile, shared: boolean): Promise<PartialDownload> {
    const folder = join(cache.downloads, `${partialName(file)}.${randomUUID()}`);
    const left = (await leftovers(cache, file)).sort((a, b) => b.bytes - a.bytes);
    const best = left[0];
    let done: ByteRange[] = [];
    if (best !== undefined && best.bytes > 0 && (await takeOver(best.folder, folder, shared))) done = best.done;
    else await mkdir(folder, { recursive: true });
    for (const other of left) await rm(other.folder, { recursive: true, force: true });
    const data = await open(join(folder, DATA), constants.O_RDWR | constants.O_CREAT);
    const journal = await open(join(folder, JOURNAL), 'a');
    if (done.length === 0) {
      await data.truncate(0);
      await journal.truncate(0);
      await journal.write(`${file.size}\n`);
    }
    return new PartialDownload({ folder, file, data, journal, done });
  }

  /** Bytes that are on disk. */
  get received(): number {
    return total(this.#done);
  }

  /** What is still to come, in pieces of at most `rangeBytes`. */
  missing(rangeBytes: number): ByteRange[] {
    const pieces: ByteRange[] = [];
    let at = 0;
    for (const range of [...this.#done, { start: this.file.size, end: this.file.size }]) {
      for (; at < range.start; at = Math.min(range.start, at + rangeBytes)) {
        pieces.push({ start: at, end: Math.min(range.start, at + rangeBytes) });
      }
      at = Math.max(at, range.end);
    }
    return pieces;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < bytes.byteLength; ) {
      const { bytesWritten } = await this.#data.write(bytes, at, bytes.byteLength - at, position + at);
      at += bytesWritten;
    }
  }

  /** Notes a range as written, after its bytes were, and lets the checksum follow. */
  async note(range: ByteRange): Promise<void> {
    if (range.start >= range.end) return;
    await this.#journal.write(`${range.start} ${range.end}\n`);
    this.#done = joined([...this.#done, range]);
    this.#followWithChecksum();
  }

  /** Whether all bytes are there and match the Hub's checksum; says what they hash to where not. */
  async verify(): Promise<{ right: boolean; found: string }> {
    this.#followWithChecksum();
    await this.#hashing;
    if (this.#hashed !== this.file.size) return { right: false, found: `${this.#hashed} bytes` };
    if (this.#checksum === undefined) return { right: true, found: '' };
    const found = this.#checksum.hash.digest('hex');
    return { right: found === this.#checksum.expected, found };
  }

  /**
   * Gives the verified contents their final name. False where another process took the folder over meanwhile, because
   * this one was silent for too long.
   */
  async finish(blob: string): Promise<boolean> {
    await this.#data.sync();
    await this.close();
    try {
      await rename(join(this.folder, DATA), blob);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw cause;
    }
    await rm(this.folder, { recursive: true, force: true });
    return true;
  }

  /** Throws away what was received. */
  async discard(): Promise<void> {
    await this.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Leaves it for a later process. */
  async close(): Promise<void> {
    await this.#hashing.catch(() => undefined);
    await this.#data.close();
    await this.#journal.close();
  }

  /** Hashes the part without holes while the rest is on its way, so that verifying costs no second pass. */
  #followWithChecksum(): void {
    this.#hashing = this.#hashing.then(async () => {
      const first = this.#done[0];
      const end = first === undefined || first.start > 0 ? 0 : first.end;
      const piece = Buffer.allocUnsafe(Math.min(HASH_BYTES, Math.max(0, end - this.#hashed)));
      while (this.#hashed < end) {
        const length = Math.min(piece.length, end - this.#hashed);
        const { bytesRead } = await this.#data.read(piece, 0, length, this.#hashed);
        if (bytesRead === 0) return;
        this.#checksum?.hash.update(piece.subarray(0, bytesRead));
        this.#hashed += bytesRead;
      }
    });
    // `verify` and `close` await it; until then a failure must not count as unhandled.
    this.#hashing.catch(() => undefined);
  }
}

/** Bytes of a file that an earlier process left, for estimates of what is still to come. */
export async function leftBytes(cache: RepoCache, file: ModelFile): Promise<number> {
  return Math.max(0, ...(await leftovers(cache, file)).map(({ bytes }) => bytes));
}

/** A file whose contents have no name goes by its path. */
/** What a file on its way is called: its checksum where it has one, so that equal contents are one file. */
export function partialName(file: ModelFile): string {
  return blobName(file) ?? encodeURIComponent(file.path);
}

interface Leftover {
  folder: string;
  done: ByteRange[];
  bytes: number;
}

/** Throws away what earlier processes left of a file. */
export async function discardLeftovers(cache: RepoCache, file: ModelFile): Promise<void> {
  for (const { folder } of await leftovers(cache, file)) await rm(folder, { recursive: true, force: true });
}

async function leftovers(cache: RepoCache, file: ModelFile): Promise<Leftover[]> {
  const parent = cache.downloads;
  const names = await readdir(parent).catch(() => []);
  const own = names.filter((name) => name.startsWith(`${partialName(file)}.`));
  return await Promise.all(
    own.map(async (name) => {
      const folder = join(parent, name);
      const done = await readJournal(folder, file).catch(() => []);
      return { folder, done, bytes: total(done) };
    }),
  );
}

/** Ranges that are surely written. A kill may have torn the journal's last line: one without its end does not count. */
async function readJournal(folder: string, file: ModelFile): Promise<ByteRange[]> {
  const text = await readFile(join(folder, JOURNAL), 'utf8');
  const [size, ...lines] = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  if (size !== String(file.size)) return [];
  const { size: onDisk } = await stat(join(folder, DATA));
  const ranges = lines.flatMap((line) => {
    const [start, end] = line.split(' ').map(Number);
    const usable = start !== undefined && end !== undefined && Number.isSafeInteger(start) && start >= 0 && start < end;
    return usable && end <= onDisk && end <= file.size ? [{ start, end }] : [];
  });
  return joined(ranges);
}

/** Makes an earlier process's folder ours; false where another process was faster. */
async function takeOver(from: string, to: string, shared: boolean): Promise<boolean> {
  const aside = shared ? `${to}.taken` : to;
  try {
    await rename(from, aside);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw cause;
  }
  if (!shared) return true;
  // The last writer may still hold the old file open; in a copy it cannot write.
  await mkdir(to, { recursive: true });
  for (const name of [DATA, JOURNAL]) {
    await copyFile(join(aside, name), join(to, name), constants.COPYFILE_FICLONE);
  }
  await rm(aside, { recursive: true, force: true });
  return true;
}

function total(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Sorted, with overlapping and adjacent ranges made one. */
function joined(ranges: readonly ByteRange[]): ByteRange[] {
  const result: ByteRange[] = [];
  for (const { start, end } of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else result.push({ start, end });
  }
  return result;
}
