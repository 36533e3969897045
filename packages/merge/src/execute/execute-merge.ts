import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Registry } from '@hubfuse/plugin';
import { sha256OfFile } from '@hubfuse/tensors';
import { checkGenealogy } from '../evolution/check-genealogy.ts';
import type { Genealogy } from '../evolution/genealogy.ts';
import type { MergePlan } from '../plan/merge-plan.ts';
import { divideMemory } from './divide-memory.ts';
import type { PassProgress } from './group-sweeps.ts';
import { Journal } from './journal.ts';
import { writeKeptHeads } from './kept-heads.ts';
import type { LayerNote } from './linear-tensor.ts';
import { assignMerge, openMergeThreads } from './merge-threads.ts';
import { nameOutputs, outputsExist, planDigest, prepareOutputs, syncOutputs, temporaryName } from './output-files.ts';
import { OutputHashes } from './output-hashes.ts';
import { SweptBy } from './swept-by.ts';
import { writeTaskFiles } from './task-files.ts';
import { wholeModelSweeps } from './whole-model-sweeps.ts';
import { writeUnits } from './write-units.ts';

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
  const { workers, residentBytes, spareBytes, noteBytes } = divideMemory(options);
  // The threads start while the outputs are laid out.
  const pool = openMergeThreads({ workers, signal: options.signal });
  let journal: Journal | undefined;
  try {
    const digest = planDigest(plan, genealogy);
    const progress = (await outputsExist(plan, out)) ? await Journal.read(out, digest) : undefined;
    const resume = progress !== undefined;
    await prepareOutputs({ plan, out, resume });
    journal = await Journal.open(out, { digest, resume });
    const assignment = {
      ...{ plan, genealogy, out, noteBytes },
      residentBytes: Math.min(residentBytes, spareBytes - noteBytes),
      folders: options.folders,
      statistics: options.statistics ?? [],
      files: plan.outputs.map(({ path }) => temporaryName(path)),
    };
    await assignMerge(pool, { registry, assignment });
    const sweptBy = noteBytes > 0 ? new SweptBy() : undefined;
    const onPass = (pass: PassProgress) => options.onProgress?.({ phase: 'statistics', ...pass });
    const results = progress?.results ?? (await wholeModelSweeps({ plan, program, pool, sweptBy, onPass }));
    if (progress?.results === undefined) await journal.recordResults(results);
    const paths = plan.outputs.map(({ path }) => join(out, temporaryName(path)));
    const hashes = new OutputHashes({ plan, paths });
    const written = await writeUnits({
      ...{ plan, program, pool, results, journal, paths, hashes, sweptBy },
      done: progress?.units ?? new Set<number>(),
      onWritten: (done, total) => options.onProgress?.({ phase: 'writing', done, total }),
    });
    const layers = [...(progress?.layers ?? []), ...written];
    const small = [...(await writeKeptHeads(options)), ...(await writeTaskFiles({ plan, program, results, out }))];
    // The disk takes what is left to write while the rest is hashed.
    const [files] = await Promise.all([hashOutputs({ ...options, hashes, small }), syncOutputs(plan, out)]);
    await nameOutputs(plan, out);
    await journal.remove();
    return { files, layers: inPlanOrder(layers, plan), resumed: resume };
  } catch (error) {
    await journal?.close();
    throw error;
  } finally {
    await pool.close();
  }
}

function inPlanOrder(layers: readonly LayerNote[], plan: MergePlan): LayerNote[] {
  const place = new Map(plan.tensors.map(({ name }, index) => [name, index]));
  return [...layers].sort((a, b) => (place.get(a.tensor) ?? 0) - (place.get(b.tensor) ?? 0));
}

/** Size and checksum of every file of a result: of the outputs as they were taken on the way, of others from the disk. */
export async function hashOutputs(
  options: Pick<ExecuteMergeOptions, 'plan' | 'out' | 'onProgress'> & {
    hashes: OutputHashes;
    /** Names of the whole files beside the outputs, below `out`. */
    small: readonly string[];
  },
): Promise<MergeResult['files']> {
  const { plan, out, hashes, small, onProgress } = options;
  const outputs = hashes.digests().map(async (digest, i) => {
    const { path = '', size = 0 } = plan.outputs[i] ?? {};
    return { path, size, sha256: await digest };
  });
  const others = small.map(async (path) => {
    const file = join(out, path);
    return { path, size: (await stat(file)).size, sha256: await sha256OfFile(file) };
  });
  const all = [...outputs, ...others];
  let done = 0;
  return Promise.all(
    all.map(async (file) => {
      const hashed = await file;
      done += 1;
      onProgress?.({ phase: 'hashing', done, total: all.length });
      return hashed;
    }),
  );
}
