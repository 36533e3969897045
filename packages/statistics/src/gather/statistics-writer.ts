import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isProcessGone, type StatisticRequest, type StatisticsProvenance } from '@hubfuse/plugin';
import { encodeHeader, type TensorLayout, tensorBytes, writeWhole } from '@hubfuse/tensors';
import { encodeMetadata } from '../format/metadata.ts';
import type { MeasuredEntry } from '../measure.ts';
import type { EntryValues } from './run-pass.ts';
import type { StorageType } from './store-means.ts';

export interface WrittenStatistics {
  /** SHA-256 of the file. */
  sha256: string;
  /** Bytes of the file. */
  size: number;
  provenance: StatisticsProvenance;
  rows: ReadonlyMap<string, number>;
}

/** Bytes that are written and hashed at a time. */
const CHUNK_BYTES = 4 << 20;

/**
 * Writes a statistics file in bounded memory. Its header tells the rows of all entries, so the values of every pass but the
 * last wait in a scratch file beside it.
 */
export class StatisticsWriter {
  readonly #path: string;
  readonly #dtype: StorageType;
  readonly #scratch: string;
  readonly #tensors: TensorLayout[] = [];
  readonly #rows = new Map<string, number>();
  readonly #aliases = new Map<string, string>();
  #waiting: FileHandle | undefined;
  #storageError = 0;

  private constructor({ path, dtype }: { path: string; dtype: StorageType }) {
    this.#path = path;
    this.#dtype = dtype;
    this.#scratch = `${path}.${process.pid}.${randomBytes(6).toString('hex')}.values`;
  }

  static async open(options: { path: string; dtype: StorageType }): Promise<StatisticsWriter> {
    await mkdir(dirname(options.path), { recursive: true });
    await removeAbandoned(options.path);
    return new StatisticsWriter(options);
  }

  /** Puts the values of a pass aside, as others will follow. */
  async add(pass: readonly EntryValues[]): Promise<void> {
    this.#waiting ??= await open(this.#scratch, 'wx');
    for (const entry of pass) {
      this.#note(entry);
      await this.#waiting.writeFile(entry.bytes);
    }
  }

  #note({ entry, rows, storageError }: EntryValues): void {
    this.#storageError = Math.max(this.#storageError, storageError);
    this.#tensors.push({ name: entry.key, dtype: this.#dtype, shape: entry.shape });
    this.#rows.set(entry.key, rows);
    for (const alias of entry.aliases) this.#aliases.set(alias, entry.key);
  }

  /** Takes the values of the last pass and gives the file its name, whole. */
  async finish(
    pass: readonly EntryValues[],
    request: StatisticRequest,
    facts: Omit<StatisticsProvenance, 'storageError'>,
  ): Promise<WrittenStatistics> {
    for (const entry of pass) this.#note(entry);
    await this.#waiting?.close();
    const provenance = { ...facts, storageError: this.#storageError };
    const metadata = encodeMetadata({ ...request, provenance, rows: this.#rows, aliases: this.#aliases });
    const header = encodeHeader({ tensors: this.#tensors, metadata });
    const hash = createHash('sha256').update(header.bytes);
    await writeWhole(this.#path, async (handle) => {
      await handle.writeFile(header.bytes);
      for await (const chunk of this.#values(pass)) {
        // The file is written while the hash is taken.
        const writing = handle.writeFile(chunk);
        hash.update(chunk);
        await writing;
      }
    });
    await rm(this.#scratch, { force: true });
    return { sha256: hash.digest('hex'), size: header.fileSize, provenance, rows: this.#rows };
  }

  async *#values(last: readonly EntryValues[]): AsyncGenerator<Uint8Array> {
    if (this.#waiting !== undefined) yield* createReadStream(this.#scratch, { highWaterMark: CHUNK_BYTES });
    for (const { bytes } of last) {
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
    }
  }

  /** Removes what was written, where the file does not come to be. */
  async abandon(): Promise<void> {
    await this.#waiting?.close().catch(() => {});
    await rm(this.#scratch, { force: true });
  }
}

/** Removes scratch files of the same file whose processes were killed. */
async function removeAbandoned(path: string): Promise<void> {
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix)) continue;
    const id = /^(\d+)\.[0-9a-f]+\.values$/.exec(name.slice(prefix.length))?.[1];
    if (id !== undefined && isProcessGone(Number(id))) await rm(join(dirname(path), name), { force: true });
  }
}

/** Bytes of values that a file of these entries holds. */
export function valueBytes(entries: readonly MeasuredEntry[], dtype: StorageType): number {
  return entries.reduce((sum, { shape }) => sum + tensorBytes({ dtype, shape }), 0);
}
