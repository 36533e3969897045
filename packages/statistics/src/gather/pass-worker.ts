import { workerData } from 'node:worker_threads';
import { StatisticsError } from '@hubfuse/plugin';
import { serveJobs } from '@hubfuse/tensors';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { accumulate } from './accumulate.ts';
import { alignedRoom } from './aligned-room.ts';
import type { PassJob, PassStart, PlacedEntry, RunJob, StoreJob } from './pass-protocol.ts';
import { type StoredMeans, storeMeans } from './store-means.ts';
import { takeTurn } from './turns.ts';

// Runs in a worker thread: onnxruntime blocks the thread that it runs in.

const start = workerData as PassStart;
const sums = new Float64Array(start.sums);
const rows = new Float64Array(start.rows);
const turns = new Int32Array(start.turns);
let opening: Promise<InferenceSession> | undefined;
let outputs: Record<string, Tensor | null> | undefined;

serveJobs((job) => ((job as PassJob).kind === 'run' ? run(job as RunJob) : store(job as StoreJob)));

async function run({ index, feeds, rows: counted }: RunJob): Promise<void> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  opening ??= InferenceSession.create(start.model, {
    ...start.sessionOptions,
    executionProviders: ['cpu'],
    // One thread for each session: parallelism comes from the workers, and so their number cannot change the bits.
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // A pattern is memory for all values of a run at once, for every shape of runs, beside what the first run took.
    enableMemPattern: false,
    logSeverityLevel: 4,
  });
  const session = await explain(opening, 'cannot be loaded');
  const inputs: Record<string, Tensor> = {};
  for (const name of session.inputNames) {
    const feed = feeds[name];
    if (feed === undefined) throw new Error(`nothing is fed to the input "${name}"`);
    const { data, dimensions } = feed;
    inputs[name] =
      data instanceof BigInt64Array ? new Tensor('int64', data, dimensions) : new Tensor('float32', data, dimensions);
  }
  outputs ??= placesOf(session.outputMetadata, Tensor);
  add({ index, counted }, await explain(session.run(inputs, outputs), 'fails on some examples'));
}

/**
 * Where the outputs go: those of known size into memory that serves all runs, since fresh memory costs as much as adding it
 * up does. The others are allocated with each run.
 */
function placesOf(metadata: InferenceSession['outputMetadata'], tensor: typeof Tensor): Record<string, Tensor | null> {
  const shapes = metadata.map((output) => {
    if (!output.isTensor || output.type !== 'float32') return [];
    return output.shape.every((size) => typeof size === 'number') ? output.shape : [];
  });
  const room = alignedRoom(shapes.map((shape) => shape.reduce((product, size) => product * size, 1)));
  return Object.fromEntries(
    metadata.map(({ name }, at) => {
      const [shape = [], values] = [shapes[at], room[at]];
      return [name, shape.length === 0 || values === undefined ? null : new tensor('float32', values, shape)];
    }),
  );
}

function store({ entry: at, dtype }: StoreJob): StoredMeans {
  const entry = start.entries[at] as PlacedEntry;
  return storeMeans(sumsOf(entry), { rows: rows[at] ?? 0, dtype });
}

/** Adds a run's outputs to each entry when all runs before it have done so. */
function add({ index, counted }: { index: number; counted: number }, results: Outputs): void {
  for (const [at, entry] of start.entries.entries()) {
    takeTurn(turns, at, index, () => {
      const target = sumsOf(entry);
      // Memory that is new would be read before it is written, which maps each page twice; memory of a pass before holds its means.
      if (index === 0) target.fill(0);
      for (const contribution of entry.contributions) {
        const indices = contribution.rule === 'row-squares' ? indicesOf(results, contribution.indices) : undefined;
        accumulate(target, { values: valuesOf(results, contribution.output), indices }, contribution);
      }
      rows[at] = (rows[at] ?? 0) + (entry.rows === undefined ? counted : (valuesOf(results, entry.rows)[0] ?? 0));
    });
  }
}

function sumsOf({ offset, elements }: PlacedEntry): Float64Array {
  return sums.subarray(offset, offset + elements);
}

type Outputs = Readonly<Record<string, { data: unknown }>>;

function valuesOf(outputs: Outputs, name: string): Float32Array {
  const values = outputs[name]?.data;
  if (values instanceof Float32Array) return values;
  throw new Error(`the graph has no float32 output "${name}"`);
}

function indicesOf(outputs: Outputs, name: string): BigInt64Array {
  const values = outputs[name]?.data;
  if (values instanceof BigInt64Array) return values;
  throw new Error(`the graph has no int64 output "${name}"`);
}

/** Says which model onnxruntime complains about. */
async function explain<T>(answer: Promise<T>, what: string): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new StatisticsError({
      code: 'statistics/model-failed',
      where: start.name,
      message: `the model ${what}: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'check that config.json, tokenizer and weights belong together',
      cause,
    });
  }
}
