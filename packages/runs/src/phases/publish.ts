import { publishFolder } from '@hubfuse/hub';
import type { Registry } from '@hubfuse/plugin';
import type { HubTarget } from '@hubfuse/recipe';
import type { Phase, PhaseContext } from '../phase.ts';
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
    const { spec, execution } = context;
    const { recipe } = await storedPlan(execution.store, spec.id);
    const assembled = context.output<AssembleOutput>('assemble');
    const title = `Merge ${spec.name} with ${execution.registry.get('method', recipe.method).title}`;
    const published: Published[] = [];
    const hub = recipe.publish?.hub;
    if (hub !== undefined) published.push(await publishToHub({ context, assembled, target: hub, title }));
    for (const [name, target] of Object.entries(recipe.publish?.others ?? {})) {
      published.push(await publishElsewhere({ context, assembled, name, target, title }));
    }
    for (const result of published) {
      await context.event({ type: 'published', result });
      await context.artefact({ name: `published: ${result.publisher}`, kind: 'url', location: result.url });
    }
    const output: PublishOutput = { published };
    return { output };
  },
};

async function publishToHub(options: {
  context: PhaseContext;
  assembled: AssembleOutput;
  target: HubTarget;
  title: string;
}): Promise<Published> {
  const { context, assembled, target, title } = options;
  const { folder, manifest } = assembled;
  const { url, revision, already, as } = await publishFolder({
    repo: target.repo,
    folder,
    as: target.as,
    branch: target.branch,
    title,
    description: `Made by hubfuse ${manifest.hubfuse}; hubfuse.json says from what.`,
    // A repository that exists keeps its visibility; only a wish for privacy is one.
    private: target.private ? true : undefined,
    manifest,
    attempt: context.spec.id,
    options: { ...context.hub, onProgress: uploadProgress(context) },
  });
  return { publisher: 'hub', url, revision, already, as };
}

function uploadProgress(context: PhaseContext): NonNullable<PhaseContext['hub']['onProgress']> {
  return (event) => {
    context.hub.onProgress?.(event);
    if (event.type !== 'upload') return;
    const label = `${event.state} ${event.path}`;
    context.progress({ label, done: Math.round(event.progress * 1000), total: 1000, unit: 'steps' });
  };
}

async function publishElsewhere(options: {
  context: PhaseContext;
  assembled: AssembleOutput;
  name: string;
  target: Readonly<Record<string, unknown>>;
  title: string;
}): Promise<Published> {
  const { context, assembled, name, target, title } = options;
  const registry: Registry = context.execution.registry;
  const result = await registry
    .get('publisher', name)
    .publish(
      { folder: assembled.folder, target, title, description: `Made by hubfuse ${assembled.manifest.hubfuse}.` },
      { run: context.spec.id, signal: context.signal },
    );
  return { publisher: name, ...result };
}

export default publish;
