import { type HubOptions, requireFreeBytes } from '@hubfuse/hub';
import { toJson } from '@hubfuse/objects';
import { HubError } from '@hubfuse/plugin';
import type { Recipe } from '@hubfuse/recipe';
import { runKeys } from '../keys.ts';
import { checkFinalFolder, modelFolder } from '../model-folder.ts';
import type { Phase, PhaseContext } from '../phase.ts';
import { makePlan } from '../resolve/make-plan.ts';
import type { RunPlan } from '../run-plan.ts';

/** Pins everything and decides everything, before anything is downloaded; keeps it as `plan.json`. */
const resolve: Phase = {
  name: 'resolve',
  async run(context) {
    const { spec, execution, hub } = context;
    const { final, temporary } = modelFolder(spec, execution.workspace);
    requireToken(spec.recipe, hub);
    const plan = await makePlan({ spec, hub, registry: execution.registry });
    await checkFinalFolder(
      final,
      plan.models.flatMap(({ path }) => (path === undefined ? [] : [path])),
    );
    await requireFreeBytes({
      path: temporary,
      bytes: plan.bytes.output,
      purpose: 'the merged model',
      hint: 'make room, or choose another folder for the output',
    });
    await execution.store.put(runKeys(spec.id).plan, toJson(plan));
    await announce(context, plan);
    return { next: plan.phases };
  },
};

/** Hours of work would be lost where a publication could not be made at their end. */
function requireToken({ publish }: Recipe, hub: HubOptions): void {
  if (publish?.hub === undefined || hub.token !== undefined) return;
  throw new HubError({
    code: 'hub/no-token',
    where: 'publish.hub',
    message: `publishing to ${publish.hub.repo} needs a token of the Hub, and there is none`,
    hint: 'log in with `hf auth login`, or set HF_TOKEN to a token that may write',
  });
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
