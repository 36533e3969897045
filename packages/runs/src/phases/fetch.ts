import { sharesMerge } from '../children/merge-with-children.ts';
import { fetchInputs } from '../fetch-inputs.ts';
import { NO_WEIGHTS } from '../local-inputs.ts';
import type { Phase, PhaseContext, PhaseName } from '../phase.ts';
import type { RunPlan } from '../run-plan.ts';
import { storedPlan } from '../stored-plan.ts';

/** Phases that read whole models. */
const READING: ReadonlySet<PhaseName> = new Set(['gather', 'search', 'evaluate']);

/** Brings models and data onto this disk; files that are there already are used. */
const fetch: Phase = {
  name: 'fetch',
  async run(context) {
    const { spec, execution, hub, progress } = context;
    const plan = await storedPlan(execution.store, spec.id);
    const output = await fetchInputs({
      plan,
      hub,
      weights: readsModels(context, plan) ? undefined : NO_WEIGHTS,
      onProgress: (bytes) => progress({ ...bytes, unit: 'bytes' }),
    });
    return { output };
  },
};

/** Where several share a merge, each fetches what it reads: all of it may be more than one disk holds. */
function readsModels(context: PhaseContext, { phases, merge }: RunPlan): boolean {
  return phases.some((phase) => READING.has(phase)) || !sharesMerge(context, merge);
}

export default fetch;
