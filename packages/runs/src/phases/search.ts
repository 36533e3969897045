import { createHash } from 'node:crypto';
import type { RaceBatches } from '@hubfuse/evaluate';
import type { Arena, RefreshPlan } from '@hubfuse/evolve';
import { toJson } from '@hubfuse/objects';
import { RunError } from '@hubfuse/plugin';
import { searchWithChildren, sharesSearch } from '../children/search-with-children.ts';
import type { LocalInputs } from '../fetch-inputs.ts';
import { runKeys } from '../keys.ts';
import { localInputs } from '../local-inputs.ts';
import type { Phase, PhaseContext } from '../phase.ts';
import type { RunPlan } from '../run-plan.ts';
import { withScratchFolder } from '../scratch-folder.ts';
import { candidateSpace } from '../search/candidate-space.ts';
import { checkpointStore } from '../search/checkpoint-store.ts';
import { evolveModels } from '../search/evolve-models.ts';
import type { FoundSearch } from '../search/found-search.ts';
import { initialCandidates } from '../search/initial-candidates.ts';
import { openRefreshed } from '../search/open-refreshed.ts';
import { openSearchArena } from '../search/open-search-arena.ts';
import type { RefreshedStatistics } from '../search/refreshed-statistics.ts';
import { SearchListener } from '../search/search-listener.ts';
import { searchNumbers } from '../search/search-numbers.ts';
import { budgetOf } from '../search/search-settings.ts';
import type { SearchSize } from '../search/search-size.ts';
import type { SearchSummary } from '../search/search-summary.ts';
import { reopenStatistics } from '../statistics/open-statistics.ts';
import { storedPlan } from '../stored-plan.ts';
import type { GatherOutput } from './gather.ts';

/** How the search went; what it found lies under a key of its own. */
export interface SearchOutput {
  summary: SearchSummary;
}

/**
 * Searches on development data: the models evolve, or numbers of the method vary. A checkpoint after every decision lies
 * in the store, so a killed search goes on with the next one and finds the same.
 */
const search: Phase = {
  name: 'search',
  async run(context) {
    const { spec, execution } = context;
    const stored = await storedPlan(execution.store, spec.id);
    const gathered = stored.statistics === undefined ? undefined : context.output<GatherOutput>('gather');
    const plan = gathered === undefined ? stored : { ...stored, merge: gathered.merge };
    const inputs = await localInputs(context, plan);
    const found = await withScratchFolder(
      execution.workspace,
      (scratch) => find({ context, plan, inputs, gathered, scratch }),
      spec.id,
    );
    await execution.store.put(runKeys(spec.id).search.found, toJson(found));
    const output: SearchOutput = { summary: found.summary };
    return { output };
  },
};

async function find(options: {
  context: PhaseContext;
  plan: RunPlan;
  inputs: LocalInputs;
  /** For a method that reads statistics: those of the original models, whatever evolves. */
  gathered: GatherOutput | undefined;
  scratch: string;
}): Promise<FoundSearch> {
  const { context, plan, inputs, gathered, scratch } = options;
  const { spec, execution, signal } = context;
  const { registry, store, allowOtherProcessor } = execution;
  const { recipe } = plan;
  const alone = registry.get('method', recipe.method).evolves === true;
  const { shardSize } = spec.options;
  const space =
    recipe.search === undefined
      ? undefined
      : await candidateSpace({
          ...{ plan, folders: inputs.folders, registry, shardSize },
          statistics: gathered && (await reopenStatistics(gathered)),
        });
  const refreshed = gathered && (await openRefreshed({ context, plan, folders: inputs.folders, gathered, scratch }));
  const { arena, batches } = await openSearchArena({
    ...{ context, plan, inputs, scratch, statistics: gathered?.folders },
    refresh: refreshed && refreshPlans(refreshed),
    initial: initialCandidates({ plan, alone, space }),
  });
  try {
    if (!arena.bounded) await warnUnbounded(context, plan);
    const listener = new SearchListener({ context, size: sizeOf(plan), generations: recipe.evolve?.generations });
    const identity = identityOf(plan, batches);
    const inArena = async (arena: Arena): Promise<FoundSearch> => {
      const setting = {
        store: checkpointStore({ store, key: runKeys(spec.id).search.checkpoint, runId: spec.id }),
        identity,
        environment: arena.environment,
        parallel: arena.parallel,
        allowOtherProcessor,
        budget: budgetOf(recipe),
        isOutOfTime: context.isOutOfTime,
        onEvent: listener.hear,
        signal,
      };
      return space === undefined
        ? await evolveModels({ plan, alone, arena, setting })
        : await searchNumbers({ plan, space, arena, setting });
    };
    const found = sharesSearch(context, plan)
      ? await searchWithChildren({ context, plan, arena, identity }, inArena)
      : await inArena(arena);
    await listener.drain();
    return found;
  } finally {
    await arena.close();
  }
}

/** Candidates' plans over statistics of their own. */
function refreshPlans(refreshed: RefreshedStatistics): RefreshPlan {
  return async ({ genealogy }, build) => {
    const { plan, folders } = await refreshed.merge(genealogy, build);
    return { plan, statistics: folders };
  };
}

function sizeOf({ search }: RunPlan): SearchSize {
  if (search !== undefined) return search;
  throw new RunError({ code: 'run/nothing-to-search', message: 'the plan has a search phase and nothing to search' });
}

/** A digest of everything that decides: a checkpoint of anything else is refused. */
function identityOf({ recipe, models, data, statistics }: RunPlan, batches: RaceBatches): string {
  const refreshed = recipe.evolve?.refresh === undefined ? [] : [statistics?.map(({ refresh }) => refresh?.data)];
  const content = [recipe.source.text, recipe.seed, models, data, batches, ...refreshed];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

async function warnUnbounded({ event, execution }: PhaseContext, { recipe }: RunPlan): Promise<void> {
  const { evaluate } = recipe;
  const metric = evaluate?.metric ?? execution.registry.get('task', evaluate?.task ?? '').metric;
  const message = `the metric ${metric} has no sound bound, so every candidate is scored on every example`;
  await event({ type: 'warning', code: 'run/no-bound', message });
}

export default search;
