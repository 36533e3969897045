import { requireFreeBytes } from '@hubfuse/hub';
import { divideMemory } from '@hubfuse/merge';
import { toJson } from '@hubfuse/objects';
import { withEstimates } from '../cost/with-estimates.ts';
import { runKeys } from '../keys.ts';
import { checkPlannedDisk } from '../limits/disk-use.ts';
import { checkFinalFolder } from '../model-folder.ts';
import type { Phase, PhaseContext } from '../phase.ts';
import { publishTargets } from '../publication/publish-targets.ts';
import { makePlan } from '../resolve/make-plan.ts';
import type { RunPlan } from '../run-plan.ts';

/** Pins everything and decides everything, before anything is downloaded; keeps it as `plan.json`. */
const resolve: Phase = {
  name: 'resolve',
  async run(context) {
    const { spec, execution, hub } = context;
    const { final } = context.folder;
    await checkTargets(context);
    const { workers, memory, registry } = execution;
    const made = await makePlan({ spec, hub, registry, limits: { workers, memory } });
    const { cost, ...plan } = withEstimates(made, { tariff: execution.tariff, workers });
    await context.expectCost(cost);
    for (const merge of [plan.merge, plan.average]) {
      if (merge !== undefined) divideMemory({ plan: merge, workers, memory });
    }
    checkPlannedDisk(spec.id, plan, context.limits);
    await checkFinalFolder(
      final,
      plan.models.flatMap(({ path }) => (path === undefined ? [] : [path])),
    );
    await requireFreeBytes({
      path: final,
      bytes: plan.bytes.output,
      purpose: 'the merged model',
      hint: 'make room, or choose another folder for the output',
    });
    await execution.store.put(runKeys(spec.id).plan, toJson({ ...plan, cost }));
    await announce(context, plan);
    return { next: plan.phases };
  },
};

/** What cannot be published to is refused before the work whose result it would be. */
async function checkTargets({ spec, execution, hub, signal }: PhaseContext): Promise<void> {
  for (const { name, target } of publishTargets(spec.recipe)) {
    await execution.registry.get('publisher', name).check?.(target, { hub, signal });
  }
}

async function announce(context: PhaseContext, plan: RunPlan): Promise<void> {
  for (const { role, name, revision } of plan.models) {
    await context.event({ type: 'pinned', role, name, ...(revision === undefined ? {} : { revision }) });
  }
  const datasets = new Map(plan.data.map((data) => [data.repo ?? data.path, data.revision]));
  for (const [name, revision] of datasets) {
    await context.event({ type: 'pinned', role: 'data', name, ...(revision === undefined ? {} : { revision }) });
  }
  for (const warning of plan.warnings) await context.event({ type: 'warning', ...warning });
}

export default resolve;
