import { UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { readRunRequest, runOptions, runPositionals } from '../run-request.ts';

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
  positionals: runPositionals,
  options: {
    ...runOptions,
    launcher: {
      type: 'text',
      value: 'name',
      default: 'local',
      description: 'where it runs: here, or as a plugin offers',
    },
    fresh: { type: 'flag', description: 'start over instead of continuing an interrupted merge' },
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
  async run(context) {
    const { registry, hub, recipe, options } = await readRunRequest(context);
    if (options.out === undefined && recipe.publish === undefined) {
      throw new UsageError({
        code: 'usage/no-output',
        message: 'the merged model has nowhere to go',
        hint: 'add --out <folder>, or `publish` to the recipe',
      });
    }
    const { createRun, launchRun } = await import('@hubfuse/runs');
    const { openWorkspace } = await import('../workspace.ts');
    const { describeReport, reportAsJson, showRun } = await import('../run-view.ts');
    const launcher = registry.get('launcher', context.options.launcher ?? 'local');
    const { store, folder: workspace } = await openWorkspace(context, registry);
    const { id: runId } = await createRun({ store, recipe, options, fresh: context.options.fresh });
    const { workers, memory } = context.options;
    const execution = { store, runId, registry, hub, workspace, workers, memory, signal: context.signal };
    const report = await launchRun({ launcher, ...execution, ...showRun(context.output) });
    context.output.result(reportAsJson(report), () => describeReport(report));
    return report.gate?.met === false ? EXIT_CODES.gate.code : EXIT_CODES.ok.code;
  },
});
