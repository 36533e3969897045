import type { Arena } from '@hubfuse/evolve';
import type { PhaseContext } from '../phase.ts';
import type { RunPlan } from '../run-plan.ts';
import { hasChildren, leadChildren } from './lead-children.ts';
import { openSharedJudge, SEARCH_GROUP, searchHelper } from './search-tasks.ts';
import { isSharedSearch } from './shared-steps.ts';

/** Whether this run has children that share its search. */
export function sharesSearch(context: Pick<PhaseContext, 'execution'>, plan: RunPlan): boolean {
  return hasChildren(context) && isSharedSearch(plan);
}

/** Searches in an arena that judges by all children of the run, this process among them: to the same end as alone. */
export async function searchWithChildren<T>(
  options: { context: PhaseContext; plan: RunPlan; arena: Arena; identity: string },
  search: (arena: Arena) => Promise<T>,
): Promise<T> {
  const { context, plan, arena, identity } = options;
  return await leadChildren({
    context,
    open: async (group) => (group.startsWith(SEARCH_GROUP) ? searchHelper({ arena, plan: plan.merge }) : undefined),
    lead: async ({ desk }) => {
      const judge = await openSharedJudge({ desk, arena, identity });
      return await search({ ...shown(arena), judge, parallel: Number.POSITIVE_INFINITY });
    },
  });
}

/** An arena's parts by themselves: those of a class do not spread. */
function shown(arena: Arena): Arena {
  return {
    environment: arena.environment,
    bounded: arena.bounded,
    compose: (...request) => arena.compose(...request),
    use: (batches) => arena.use(batches),
    judge: (...request) => arena.judge(...request),
    trace: (...request) => arena.trace(...request),
    parallel: arena.parallel,
    get seconds() {
      return arena.seconds;
    },
    close: () => arena.close(),
  };
}
