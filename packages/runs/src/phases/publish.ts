import type { Phase } from '../phase.ts';
import { publishTargets } from '../publication/publish-targets.ts';
import type { Published } from '../report.ts';
import { storedPlan } from '../stored-plan.ts';
import type { AssembleOutput } from './assemble.ts';

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
      description: `Made by hubfuse ${manifest.hubfuse}; hubfuse.json says from what.`,
      manifest,
    };
    const published: Published[] = [];
    for (const { name, target } of publishTargets(recipe)) {
      const access = { attempt: spec.id, signal, hub, progress: context.progress };
      const place = await registry.get('publisher', name).publish({ ...content, target }, access);
      const result = { publisher: name, ...place };
      published.push(result);
      await context.event({ type: 'published', result });
      await context.artefact({ name: `published: ${name}`, kind: 'url', location: place.url });
    }
    const output: PublishOutput = { published };
    return { output };
  },
};

export default publish;
