import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { MethodProgram, Registry, Sweep } from '@hubfuse/plugin';
import { WorkerPool } from '@hubfuse/tensors';
import { checkGenealogy } from '../evolution/check-genealogy.ts';
import type { Genealogy } from '../evolution/genealogy.ts';
import type { MergePlan } from '../plan/merge-plan.ts';
import { divideMemory } from './divide-memory.ts';
import { Journal } from './journal.ts';
import { writeKeptHeads } from './kept-heads.ts';
import type { LayerNote } from './linear-tensor.ts';
import type { MergeJob, MergeWorkerData } from './merge-worker.ts';
import { finishOutputs, outputsExist, planDigest, prepareOutputs, temporaryName } from './output-files.ts';
import { runSweepInWorkers } from './run-sweep.ts';
import { writeTaskFiles } from './task-files.ts';
import type { UnitResult } from './tensor-worker.ts';
import { type BlockReference, runsOf, statisticsBlocks, writingUnits } from './units.ts';

/** What a merge tells while it works. `done` and `total` count scalars of the phase, `total` files for hashing. */
export interface MergeProgress {
  phase: 'statistics' | 'writing' | 'hashing';
  /** Name of the sweep in the statistics phase. */
  sweep?: string;
  done: number;
  total: number;
}

export interface ExecuteMergeOptions {
  plan: MergePlan;
  /** Local folder of each input, in the order of `plan.inputs`. */
  folders: readonly string[];
  /** How the models have evolved before they are merged, or which of them is the result. Absent: they have not. */
  genealogy?: Genealogy | undefined;
  /** Local folder of each statistics file, in the order of `plan.statistics`. */
  statistics?: readonly string[] | undefined;
  /** Folder that the outputs appear in. */
  out: string;
  registry: Registry;
  /** Worker threads. Default: one per core. The result has the same bytes for any number. */
  workers?: number | undefined;
  /** Bytes that the merge may use, this process included. Default 1 GiB. The result has the same bytes for any. */
  memory?: number | undefined;
  onProgress?: ((progress: MergeProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface MergeResult {
  /** Every weight file that was written. */
  files: readonly { path: string; size: number; sha256: string }[];
  /** The linear layers that were merged whole, in the order of the plan. */
  layers: readonly LayerNote[];
  /** Whether a killed merge of the same plan was continued. */
  resumed: boolean;
}

/** Written units become durable, and are journalled, about this often. */
const JOURNAL_MILLISECONDS = 2_000;

/**
 * Executes a plan: statistics first where the method needs them over the whole model, then every tensor is written at
 * its final offset. The outputs get their names when they are whole and durable. A killed merge of the same plan
 * continues where it was.
 * @throws TensorError for values that are not finite or overflow, and for files that changed since the plan was made
 * @throws ResourceError where disk or memory do not suffice
 */
export async function executeMerge(options: ExecuteMergeOptions): Promise<MergeResult> {
  const { plan, genealogy, out, registry } = options;
  checkGenealogy(plan, genealogy);
  const program = registry.get('method', plan.method).program({
    models: plan.models,
    parameters: plan.parameters,
    modelParameters: plan.modelParameters,
  });
  const digest = planDigest(plan, genealogy);
  const progress = (await outputsExist(plan, out)) ? await Journal.read(out, digest) : undefined;
  const resume = progress !== undefined;
  await prepareOutputs({ plan, out, resume });
  const journal = await Journal.open(out, { digest, resume });
  const { workers, residentBytes } = divideMemory(options);
  const data: MergeWorkerData = {
    plan,
    genealogy,
    folders: options.folders,
    statistics: options.statistics ?? [],
    out,
    files: plan.outputs.map(({ path }) => temporaryName(path)),
    modules: registry.modules,
    residentBytes,
  };
  const pool = new WorkerPool({
    module: new URL('./merge-worker.js', import.meta.url),
    workers,
    data,
    signal: options.signal,
  });
  try {
    const results = progress?.results ?? (await wholeModelSweeps({ ...options, program, pool }));
    if (progress?.results === undefined) await journal.recordResults(results);
    const done = progress?.units ?? new Set<number>();
    const written = await writeUnits({ ...options, program, pool, results, journal, done });
    const layers = [...(progress?.layers ?? []), ...written];
    const small = [...(await writeKeptHeads(options)), ...(await writeTaskFiles({ plan, program, results, out }))];
    const outputs = plan.outputs.map(({ path }) => ({ path, stored: temporaryName(path) }));
    const paths = [...outputs, ...small.map((path) => ({ path, stored: path }))];
    const files = await hashFiles({ paths, pool, out, onProgress: options.onProgress });
    await finishOutputs(plan, out);
    await journal.remove();
    return { files, layers: inPlanOrder(layers, plan), resumed: resume };
  } catch (error) {
    await journal.close();
    throw error;
  } finally {
    await pool.close();
  }
}

interface SweepOptions extends ExecuteMergeOptions {
  program: MethodProgram;
  pool: WorkerPool;
}

/** The sweeps of a method whose statistics run over the whole model; none for others. */
async function wholeModelSweeps(options: SweepOptions): Promise<unknown[]> {
  const { plan, program } = options;
  if (program.scope !== 'model' || program.sweeps.length === 0) return [];
  const blocks = statisticsBlocks(plan);
  const group = {
    length: blocks.reduce((sum, block) => sum + block.length, 0),
    models: plan.models,
    parameters: plan.groupParameters,
  };
  const results: unknown[] = [];
  for (const [index, sweep] of program.sweeps.entries()) {
    const pass = (_: Sweep, state: unknown, taken: readonly BlockReference[]) =>
      onePass({ ...options, sweep, index, state }, taken);
    results.push(await runSweepInWorkers(sweep, { group, blocks, previous: results, pass }));
  }
  return results;
}

/** Maps all blocks and reduces the partials in order. */
async function onePass(
  options: SweepOptions & { sweep: Sweep; index: number; state: unknown },
  blocks: readonly BlockReference[],
): Promise<unknown> {
  const { pool, sweep, index, state, onProgress } = options;
  const total = blocks.reduce((sum, block) => sum + block.length, 0);
  let done = 0;
  let reduced: unknown;
  await inOrder({
    items: runsOf(blocks),
    parallel: pool.size,
    start: (run) => pool.run({ kind: 'sweep', sweep: index, state, blocks: run } satisfies MergeJob),
    finish: (partial, run) => {
      reduced = reduced === undefined ? partial : sweep.reduce(reduced, partial);
      done += run.reduce((sum, block) => sum + block.length, 0);
      onProgress?.({ phase: 'statistics', sweep: sweep.name, done, total });
    },
  });
  return reduced;
}

/**
 * Starts jobs in order, a bounded number ahead, and finishes them in order: what waits for an earlier one to finish
 * cannot pile up.
 */
async function inOrder<Item>(options: {
  items: readonly Item[];
  parallel: number;
  start(item: Item): Promise<unknown>;
  finish(result: unknown, item: Item): void | Promise<void>;
}): Promise<void> {
  const { items } = options;
  const ahead = 2 * options.parallel;
  const running: Promise<unknown>[] = [];
  const startOne = (index: number) => {
    const job = options.start(items[index] as Item);
    // Its failure is seen when its turn comes; until then it must not count as unhandled.
    job.catch(() => undefined);
    running[index] = job;
  };
  for (let index = 0; index < Math.min(ahead, items.length); index++) startOne(index);
  for (const [index, item] of items.entries()) {
    await options.finish(await running[index], item);
    delete running[index];
    if (index + ahead < items.length) startOne(index + ahead);
  }
}

async function writeUnits(
  options: SweepOptions & { results: readonly unknown[]; journal: Journal; done: ReadonlySet<number> },
): Promise<LayerNote[]> {
  const { plan, program, pool, results, journal } = options;
  const units = writingUnits(plan, program).map((blocks, index) => ({ index, blocks }));
  const total = plan.totals.parameters;
  const left = units.filter(({ index }) => !options.done.has(index));
  let done = total - left.reduce((sum, { blocks }) => sum + blocks.reduce((all, block) => all + block.length, 0), 0);
  let waiting: number[] = [];
  let unrecorded: LayerNote[] = [];
  const layers: LayerNote[] = [];
  let recorded = Date.now();
  const record = async () => {
    await pool.run({ kind: 'sync' } satisfies MergeJob);
    await journal.recordUnits(waiting, unrecorded);
    waiting = [];
    unrecorded = [];
    recorded = Date.now();
  };
  await inOrder({
    items: left,
    parallel: pool.size,
    start: ({ blocks }) => pool.run({ kind: 'write', blocks, results } satisfies MergeJob),
    finish: async (result, { index }) => {
      const unit = result as UnitResult;
      waiting.push(index);
      unrecorded.push(...unit.layers);
      layers.push(...unit.layers);
      done += unit.elements;
      options.onProgress?.({ phase: 'writing', done, total });
      if (Date.now() - recorded > JOURNAL_MILLISECONDS) await record();
    },
  });
  return layers;
}

function inPlanOrder(layers: readonly LayerNote[], plan: MergePlan): LayerNote[] {
  const place = new Map(plan.tensors.map(({ name }, index) => [name, index]));
  return [...layers].sort((a, b) => (place.get(a.tensor) ?? 0) - (place.get(b.tensor) ?? 0));
}

async function hashFiles(options: {
  /** Final and present names, below `out`. */
  paths: readonly { path: string; stored: string }[];
  pool: WorkerPool;
  out: string;
  onProgress: ((progress: MergeProgress) => void) | undefined;
}): Promise<MergeResult['files']> {
  const { paths, pool, out, onProgress } = options;
  let done = 0;
  return Promise.all(
    paths.map(async ({ path, stored }) => {
      const sha256 = await pool.run<string>({ kind: 'hash', path: join(out, stored) } satisfies MergeJob);
      done += 1;
      onProgress?.({ phase: 'hashing', done, total: paths.length });
      return { path, size: (await stat(join(out, stored))).size, sha256 };
    }),
  );
}
