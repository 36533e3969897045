import { workerData } from 'node:worker_threads';
import { StatisticsError } from '@hubfuse/plugin';
import { serveJobs } from '@hubfuse/tensors';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { accumulate } from './accumulate.ts';
import type { PassJob, PassStart } from './pass-protocol.ts';
import { takeTurn } from './turns.ts';

// Runs in a worker thread: onnxruntime blocks the thread that it runs in.

const start = workerData as PassStart;
const sums = new Float64Array(start.sums);
const rows = new Float64Array(start.rows);
const turns = new Int32Array(start.turns);
let opening: Promise<InferenceSession> | undefined;

serveJobs(async (job) => {
  const { index, feeds, rows: counted } = job as PassJob;
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  opening ??= InferenceSession.create(start.model, {
    ...start.sessionOptions,
    executionProviders: ['cpu'],
    // One thread for each session: parallelism comes from the workers, and so their number cannot change the bits.
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
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
  add({ index, counted }, await explain(session.run(inputs), 'fails on some examples'));
});

/** Adds a run's outputs to each entry when all runs before it have done so. */
function add({ index, counted }: { index: number; counted: number }, outputs: Outputs): void {
  for (const [at, entry] of start.entries.entries()) {
    takeTurn(turns, at, index, () => {
      const target = sums.subarray(entry.offset, entry.offset + entry.elements);
      for (const contribution of entry.contributions) {
        const indices = contribution.rule === 'row-squares' ? indicesOf(outputs, contribution.indices) : undefined;
        accumulate(target, { values: valuesOf(outputs, contribution.output), indices }, contribution);
      }
      rows[at] = (rows[at] ?? 0) + (entry.rows === undefined ? counted : (valuesOf(outputs, entry.rows)[0] ?? 0));
    });
  }
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
