import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isProcessGone, type StatisticRequest, StatisticsError, type StatisticsProvenance } from '@hubfuse/plugin';
import { encodeHeader, fromFloat32, type TensorLayout, tensorBytes, toFloat32, writeWhole } from '@hubfuse/tensors';
import { encodeMetadata } from '../format/metadata.ts';
import type { MeasuredEntry } from '../measure.ts';
import type { EntrySums } from './run-pass.ts';

export type StorageType = 'F32' | 'BF16';

export interface WrittenStatistics {
  /** SHA-256 of the file. */
  sha256: string;
  /** Bytes of the file. */
  size: number;
  provenance: StatisticsProvenance;
  rows: ReadonlyMap<string, number>;
}

/**
 * Writes a statistics file entry by entry, in bounded memory: values go to a scratch file beside it while passes run, and
 * behind a header when all are there.
 */
export class StatisticsWriter {
  readonly #path: string;
  readonly #name: string;
  readonly #dtype: StorageType;
  readonly #scratch: string;
  readonly #values: FileHandle;
  readonly #tensors: TensorLayout[] = [];
  readonly #rows = new Map<string, number>();
  readonly #aliases = new Map<string, string>();
  #storageError = 0;

  private constructor(options: {
    path: string;
    name: string;
    dtype: StorageType;
    scratch: string;
    values: FileHandle;
  }) {
    this.#path = options.path;
    this.#name = options.name;
    this.#dtype = options.dtype;
    this.#scratch = options.scratch;
    this.#values = options.values;
  }

  /** @param options.name what messages call the model */
  static async open({
    path,
    name,
    dtype,
  }: {
    path: string;
    name: string;
    dtype: StorageType;
  }): Promise<StatisticsWriter> {
    await mkdir(dirname(path), { recursive: true });
    await removeAbandoned(path);
    const scratch = `${path}.${process.pid}.${randomBytes(6).toString('hex')}.values`;
    return new StatisticsWriter({ path, name, dtype, scratch, values: await open(scratch, 'wx') });
  }

  /**
   * Writes the mean over the rows of one entry.
   * @throws StatisticsError `statistics/no-rows`, `statistics/not-finite`
   */
  async add({ entry, sums, rows }: EntrySums): Promise<void> {
    if (rows === 0) {
      throw new StatisticsError({
        code: 'statistics/no-rows',
        where: this.#name,
        message: `the data has no row for "${entry.key}"`,
      });
    }
    // Millions of values: loops over indices, since callbacks for each are several times slower.
    const mean = new Float32Array(sums.length);
    for (let at = 0; at < sums.length; at++) mean[at] = (sums[at] as number) / rows;
    const { data, problem } = fromFloat32(mean, this.#dtype);
    if (problem !== undefined) {
      throw new StatisticsError({
        code: 'statistics/not-finite',
        where: this.#name,
        message: `"${entry.key}" comes to ${problem.value} at position ${problem.index}`,
        hint: 'the model overflows on this data: check that it scores as it should',
      });
    }
    const stored = this.#dtype === 'F32' ? mean : toFloat32(data, this.#dtype);
    this.#storageError = Math.max(this.#storageError, relativeError({ sums, rows }, stored));
    await this.#values.writeFile(data);
    this.#tensors.push({ name: entry.key, dtype: this.#dtype, shape: entry.shape });
    this.#rows.set(entry.key, rows);
    for (const alias of entry.aliases) this.#aliases.set(alias, entry.key);
  }

  /** Gives the file its name, whole. */
  async finish(
    request: StatisticRequest,
    facts: Omit<StatisticsProvenance, 'storageError'>,
  ): Promise<WrittenStatistics> {
    await this.#values.close();
    const provenance = { ...facts, storageError: this.#storageError };
    const metadata = encodeMetadata({ ...request, provenance, rows: this.#rows, aliases: this.#aliases });
    const header = encodeHeader({ tensors: this.#tensors, metadata });
    const hash = createHash('sha256').update(header.bytes);
    await writeWhole(this.#path, async (handle) => {
      await handle.writeFile(header.bytes);
      for await (const chunk of createReadStream(this.#scratch, { highWaterMark: 4 << 20 })) {
        hash.update(chunk as Buffer);
        await handle.writeFile(chunk as Buffer);
      }
    });
    await rm(this.#scratch, { force: true });
    return { sha256: hash.digest('hex'), size: header.fileSize, provenance, rows: this.#rows };
  }

  /** Removes what was written, where the file does not come to be. */
  async abandon(): Promise<void> {
    await this.#values.close().catch(() => {});
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

/** The largest difference of means from what is stored of them, relative to the largest mean. */
function relativeError({ sums, rows }: { sums: Float64Array; rows: number }, stored: Float32Array): number {
  let largest = 0;
  let worst = 0;
  for (let at = 0; at < sums.length; at++) {
    const value = (sums[at] as number) / rows;
    largest = Math.max(largest, Math.abs(value));
    worst = Math.max(worst, Math.abs(value - (stored[at] as number)));
  }
  return largest === 0 ? 0 : worst / largest;
}
