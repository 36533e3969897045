import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RaceBatches } from '@hubfuse/evaluate';
import { type Arena, type Candidate, openArena, type RefreshPlan } from '@hubfuse/evolve';
import { getJson, toJson } from '@hubfuse/objects';
import { RunError } from '@hubfuse/plugin';
import { writeDonorFiles } from '../donor-files.ts';
import type { LocalInputs } from '../fetch-inputs.ts';
import { runKeys } from '../keys.ts';
import type { PhaseContext } from '../phase.ts';
import type { RunPlan } from '../run-plan.ts';
import { deviceOfRun } from '../scoring/device-of-run.ts';
import { scoringData } from '../scoring/scoring-data.ts';
import { refreshLimits } from './refresh-limits.ts';

/**
 * Where the candidates of a run are built and scored, on its development data and the batches that are kept with it.
 * Close the arena when done.
 */
export async function openSearchArena(options: {
  context: Pick<PhaseContext, 'spec' | 'execution' | 'signal'>;
  plan: RunPlan;
  inputs: LocalInputs;
  /** Folder of each statistics file, for a method that reads such. */
  statistics: readonly string[] | undefined;
  /** Folder for what does not fit into memory. */
  scratch: string;
  /** Gathers the statistics of what has evolved anew; that takes the other half of the memory. */
  refresh?: RefreshPlan | undefined;
  /** What the batches are composed from, where none are kept yet; undefined: they must be. */
  initial: readonly Candidate[] | undefined;
}): Promise<{ arena: Arena; batches: RaceBatches }> {
  const { context, plan, inputs, statistics, scratch, refresh, initial } = options;
  const { spec, execution, signal } = context;
  const { registry, store, workers, memory } = execution;
  const { evaluate } = plan.recipe;
  if (evaluate === undefined) throw new Error('a recipe that searches has data, or it would have been refused');
  const data = await scoringData({ evaluate, data: plan.data, paths: inputs.data, registry });
  const deciding = data.filter(({ split, domain }) => split === 'dev' && domain === 'in');
  const arena = await openArena({
    registry,
    plan: plan.merge,
    folders: inputs.folders.slice(0, plan.merge.inputs.length),
    ...(statistics === undefined ? {} : { statistics }),
    family: await writeFamily(plan, inputs, join(scratch, 'family')),
    task: evaluate.task,
    metric: evaluate.metric,
    datasets: await Promise.all(deciding.map((entry) => entry.load())),
    workers,
    device: deviceOfRun(execution, plan.recipe),
    // Of a steady population the next candidate is known only when the one before it is decided on.
    parallel: plan.recipe.evolve?.update === 'synchronous' ? Number.POSITIVE_INFINITY : 1,
    memory: refresh === undefined ? memory : refreshLimits({ memory }).memory,
    scratch,
    refresh,
    signal,
    maxLength: evaluate.maxLength,
    batchTokens: evaluate.batchTokens,
  });
  try {
    const key = runKeys(spec.id).search.batches;
    const kept = (await getJson<RaceBatches>(store, key))?.value;
    if (kept !== undefined) arena.use(kept);
    if (kept === undefined && initial === undefined) throw noBatches(spec.id);
    const batches = kept ?? (await arena.compose(initial ?? [], { signal }));
    if (kept === undefined) await store.put(key, toJson(batches));
    return { arena, batches };
  } catch (error) {
    await arena.close();
    throw error;
  }
}

/** config.json and tokenizer of the result, without weights. */
async function writeFamily(plan: RunPlan, inputs: LocalInputs, out: string): Promise<string> {
  const { donor, config } = plan.merge;
  await mkdir(out, { recursive: true });
  await writeDonorFiles({
    donor: inputs.folders[donor] ?? '',
    files: plan.models[donor]?.files.map(({ path }) => path) ?? [],
    out,
    changes: config,
  });
  return out;
}

function noBatches(runId: string): RunError {
  return new RunError({
    code: 'run/no-batches',
    message: `the batches of the search of the run "${runId}" are gone`,
    hint: 'start a fresh run',
  });
}
