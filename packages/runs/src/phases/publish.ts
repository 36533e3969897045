import { type Manifest, manifestDigest } from '@hubfuse/hub';
import { usdToSend } from '../cost/spending.ts';
import type { Phase, PhaseContext } from '../phase.ts';
import { announcePublication, notePublication } from '../publication/known-publications.ts';
import { publicationIntent } from '../publication/publication-intent.ts';
import { publishTargets } from '../publication/publish-targets.ts';
import type { Published } from '../report.ts';
import { storedPlan } from '../stored-plan.ts';
import type { AssembleOutput } from './assemble.ts';
import type { GateOutput } from './gate.ts';

/** One entry per target. */
export interface PublishOutput {
  published: readonly Published[];
}

/** Publishes the assembled folder to every target of the recipe. A publication that a killed attempt made is found. */
const publish: Phase = {
  name: 'publish',
  async run(context) {
    const { spec, execution, signal, hub } = context;
    const { registry, store } = execution;
    const { recipe } = await storedPlan(store, spec.id);
    const { folder, manifest } = context.output<AssembleOutput>('assemble');
    const content = {
      folder,
      files: manifest.outputs,
      title: `Merge ${spec.name} with ${registry.get('method', recipe.method).title}`,
      description: description(context, manifest),
      manifest,
    };
    const published: Published[] = [];
    const repo = recipe.publish?.hub?.repo;
    for (const { name, target } of publishTargets(recipe)) {
      // The Hub tells of a push before its answer is here: whoever hears of it finds the announcement.
      if (name === 'hub' && repo !== undefined) await announcePublication(store, repo, spec.id);
      const { intent } = await publicationIntent({ store, runId: spec.id, target: { name, target }, manifest });
      const { confirm, progress } = context;
      const access = { attempt: spec.id, intent, signal, hub, confirm, progress };
      const place = await registry.get('publisher', name).publish({ ...content, target }, access);
      const result = { publisher: name, ...place };
      published.push(result);
      if (name === 'hub' && !place.already) await context.spend(usdToSend(execution.tariff, manifest));
      if (name === 'hub' && repo !== undefined) await note(context, { repo, result, manifest });
      await context.event({ type: 'published', result });
      await context.artefact({ name: `published: ${name}`, kind: 'url', location: place.url });
    }
    const output: PublishOutput = { published };
    return { output };
  },
};

/** Below the title of the commit or pull request: where it comes from, and the figures that decided. */
function description({ output }: PhaseContext, { hubfuse, gate }: Manifest): string {
  const made = `Made by hubfuse ${hubfuse}; hubfuse.json says from what.`;
  if (gate === undefined) return made;
  const { met, condition, explanation } = output<GateOutput>('gate').gate;
  return `${made}\n\nPublish if ${condition}: ${met ? 'holds' : 'does not hold, published on request'}.\n${explanation}`;
}

async function note(
  { spec, execution }: PhaseContext,
  { repo, result, manifest }: { repo: string; result: Published; manifest: Manifest },
): Promise<void> {
  const { revision, url, as } = result;
  await notePublication(execution.store, {
    ...{ run: spec.id, repo, sha: revision, url },
    ...(spec.origin.recipe === undefined ? {} : { recipe: spec.origin.recipe.name }),
    ...(as === undefined ? {} : { as }),
    content: manifestDigest(manifest),
    at: new Date().toISOString(),
  });
}

export default publish;
