import { resolve } from 'node:path';
import { UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';
import { common } from '../common-options.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { hubOptions } from '../hub-options.ts';
import { recipeOptions } from '../model-arguments.ts';
import { readRecipe } from '../read-recipe.ts';
import { describeReport, showRun } from '../run-view.ts';
import { openWorkspace } from '../workspace.ts';

export default defineCommand({
  name: 'merge',
  summary: 'Merge models, score the result and publish it, as a recipe says',
  description: [
    'Takes a recipe file, or the models themselves with --method. A model is a URL of the Hub, its id (ns/name, ' +
      'ns/name@revision) or a folder. Every revision is pinned, files are checked before anything is downloaded, and ' +
      '--out becomes a folder that transformers loads. Relative paths start at the working directory.',
    'An interrupted merge continues with the same command; nothing is downloaded or published twice, and nothing stands ' +
      'at --out before it is whole.',
  ],
  positionals: [
    { name: 'recipe or models', description: 'one recipe file, or several models', required: true, multiple: true },
  ],
  options: {
    out: { type: 'text', short: 'o', value: 'folder', description: 'folder that the merged model becomes' },
    ...recipeOptions,
    fresh: { type: 'flag', description: 'start over instead of continuing an interrupted merge' },
    hub: common.hub,
    token: common.token,
    workers: common.workers,
    memory: common.memory,
    'shard-size': common['shard-size'],
    seed: common.seed,
  },
  examples: [
    { command: 'hubfuse merge recipe.yaml --out merged', explanation: 'all that a recipe says' },
    {
      command:
        'hubfuse merge hubfuse-examples/intents-money hubfuse-examples/intents-home --method pcb ' +
        '--base hubfuse-examples/intents-base --parameter lambda=0.5 --out merged',
      explanation: 'without a file',
    },
  ],
  resumes: true,
  async run({ options, positionals, output, signal, directory, environment, registry, configuration }) {
    const extensions = await registry();
    const { hub, token, workers, memory, seed } = options;
    const access = await hubOptions({ hub: hub ?? configuration.hub, token });
    const recipe = await readRecipe({ positionals, options, directory, hub: access.hubUrl, registry: extensions });
    if (options.out === undefined && recipe.publish === undefined) {
      throw new UsageError({
        code: 'usage/no-output',
        message: 'the merged model has nowhere to go',
        hint: 'add --out <folder>, or publish: to the recipe',
      });
    }
    const { createRun, executeRun } = await import('@hubfuse/runs');
    const { store, folder: workspace } = await openWorkspace(environment.home, extensions);
    const { id: runId } = await createRun({
      store,
      recipe,
      fresh: options.fresh,
      options: {
        workingDirectory: directory,
        hubUrl: access.hubUrl,
        out: options.out === undefined ? undefined : resolve(directory, options.out),
        shardSize: options['shard-size'],
        seed,
      },
    });
    const view = showRun(output);
    const report = await executeRun({
      ...{ store, runId, registry: extensions, hub: access, workspace, workers, memory, signal },
      ...view,
    });
    output.result(report, () => describeReport(report));
    return report.gate?.met === false ? EXIT_CODES.gate.code : EXIT_CODES.ok.code;
  },
});
