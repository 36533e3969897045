import type { OpenableGraph } from '@hubfuse/graphs';
import { disableTelemetry, WorkerPool } from '@hubfuse/tensors';
import type { MeasuredEntry, RunSequence } from '../measure.ts';
import type { PassJob, PassStart, PlacedEntry } from './pass-protocol.ts';

/** The sums of one entry over all runs. */
export interface EntrySums {
  entry: MeasuredEntry;
  sums: Float64Array;
  rows: number;
}

/** Runs the model over all examples once and adds up the outputs for some entries. */
export async function runPass(options: {
  name: string;
  graph: OpenableGraph;
  entries: readonly MeasuredEntry[];
  runs: RunSequence;
  workers: number;
  signal?: AbortSignal | undefined;
  /** Called with the examples done so far. */
  onProgress?: ((examples: number) => void) | undefined;
}): Promise<EntrySums[]> {
  const { name, graph, entries, runs, signal, onProgress } = options;
  disableTelemetry();
  const placed = place(entries);
  const start: PassStart = {
    name,
    ...graph,
    entries: placed,
    sums: new SharedArrayBuffer(
      Float64Array.BYTES_PER_ELEMENT * placed.reduce((sum, { elements }) => sum + elements, 0),
    ),
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
        await pool.run<void>({ index, feeds, rows } satisfies PassJob);
        done += examples;
        onProgress?.(done);
      }
    };
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    await pool.close();
  }
  const sums = new Float64Array(start.sums);
  const rows = new Float64Array(start.rows);
  return placed.map(({ offset, elements }, at) => ({
    entry: entries[at] as MeasuredEntry,
    sums: sums.subarray(offset, offset + elements),
    rows: rows[at] ?? 0,
  }));
}

function place(entries: readonly MeasuredEntry[]): PlacedEntry[] {
  let offset = 0;
  return entries.map(({ contributions, rows, elements }) => {
    const placed = { contributions, elements, offset, ...(rows === undefined ? {} : { rows }) };
    offset += elements;
    return placed;
  });
}
