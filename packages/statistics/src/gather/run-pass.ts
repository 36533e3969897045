import type { OpenableGraph } from '@hubfuse/graphs';
import { StatisticsError } from '@hubfuse/plugin';
import { disableTelemetry, WorkerPool } from '@hubfuse/tensors';
import type { MeasuredEntry, RunSequence } from '../measure.ts';
import type { PassJob, PassStart, PlacedEntry } from './pass-protocol.ts';
import type { StorageType, StoredMeans } from './store-means.ts';

/** What is stored of one entry. */
export interface EntryValues {
  entry: MeasuredEntry;
  /** Rows that its values are means over. */
  rows: number;
  bytes: Uint8Array;
  /** The largest difference of a mean from what is stored of it, relative to the largest mean. */
  storageError: number;
}

/** Bytes of a stored value. */
const BYTES: Readonly<Record<StorageType, number>> = { F32: 4, BF16: 2 };

/** Bytes that the sums of entries take. */
export function sumBytes(entries: readonly MeasuredEntry[]): number {
  return Float64Array.BYTES_PER_ELEMENT * entries.reduce((sum, { elements }) => sum + elements, 0);
}

/**
 * Runs the model over all examples once, adds up the outputs for some entries and takes their means.
 * @throws StatisticsError `statistics/no-rows`, `statistics/not-finite`
 */
export async function runPass(options: {
  name: string;
  graph: OpenableGraph;
  entries: readonly MeasuredEntry[];
  /** Room for the sums, of at least `sumBytes(entries)`. The values that are returned stand in it, whatever was there. */
  sums: SharedArrayBuffer;
  runs: RunSequence;
  dtype: StorageType;
  workers: number;
  signal?: AbortSignal | undefined;
  /** Called with the examples done so far. */
  onProgress?: ((examples: number) => void) | undefined;
}): Promise<EntryValues[]> {
  const { name, graph, entries, sums, runs, dtype, signal, onProgress } = options;
  disableTelemetry();
  const placed = place(entries);
  const start: PassStart = {
    name,
    ...graph,
    entries: placed,
    sums,
    rows: new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT * entries.length),
    turns: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * entries.length),
  };
  const workers = Math.max(1, Math.min(options.workers, runs.length));
  const pool = new WorkerPool({ module: new URL('./pass-worker.js', import.meta.url), workers, data: start, signal });
  try {
    let [next, done] = [0, 0];
    const work = async (): Promise<void> => {
      while (next < runs.length) {
        const index = next++;
        const { feeds, examples, rows = 1 } = runs.at(index);
        await pool.run<void>({ kind: 'run', index, feeds, rows } satisfies PassJob);
        done += examples;
        onProgress?.(done);
      }
    };
    await Promise.all(Array.from({ length: workers }, work));
    const rows = new Float64Array(start.rows);
    const without = entries.find((_, at) => rows[at] === 0);
    if (without !== undefined) throw noRows(name, without);
    const stored = await Promise.all(
      entries.map((_, entry) => pool.run<StoredMeans>({ kind: 'store', entry, dtype } satisfies PassJob)),
    );
    return stored.map(({ problem, storageError }, at) => {
      const [entry, { offset, elements }] = [entries[at] as MeasuredEntry, placed[at] as PlacedEntry];
      if (problem !== undefined) throw notFinite(name, entry, problem);
      const bytes = new Uint8Array(start.sums, Float64Array.BYTES_PER_ELEMENT * offset, BYTES[dtype] * elements);
      return { entry, rows: rows[at] ?? 0, bytes, storageError };
    });
  } finally {
    await pool.close();
  }
}

function noRows(name: string, { key }: MeasuredEntry): StatisticsError {
  return new StatisticsError({ code: 'statistics/no-rows', where: name, message: `the data has no row for "${key}"` });
}

function notFinite(
  name: string,
  { key }: MeasuredEntry,
  { value, index }: NonNullable<StoredMeans['problem']>,
): StatisticsError {
  return new StatisticsError({
    code: 'statistics/not-finite',
    where: name,
    message: `"${key}" comes to ${value} at position ${index}`,
    hint: 'the model overflows on this data: check that it scores as it should',
  });
}

function place(entries: readonly MeasuredEntry[]): PlacedEntry[] {
  let offset = 0;
  return entries.map(({ contributions, rows, elements }) => {
    const placed = { contributions, elements, offset, ...(rows === undefined ? {} : { rows }) };
    offset += elements;
    return placed;
  });
}
