import { UsageError } from '@hubfuse/plugin';
import type { CommandContext, Options } from './command.ts';
import { devicesOf } from './devices.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { type RunRequest, runOptions } from './run-request.ts';

/** Milliseconds that native code has to come to its end before an interrupted command does. */
const REST_MS = 10_000;

/** What the commands take that carry out a whole run. */
export const wholeRunOptions = {
  ...runOptions,
  launcher: {
    type: 'text',
    value: 'name',
    default: 'in-process',
    description: 'where it runs: in this process, in one of its own (local), or as a plugin offers',
  },
  fresh: { type: 'flag', description: 'start over instead of continuing an interrupted run' },
  'allow-other-processor': {
    type: 'flag',
    description: 'go on with a search on another kind of processor than it began on',
  },
} as const satisfies Options;

/** Carries out a run, or continues it, and shows it. Returns the exit code. */
export async function carryOut(
  context: CommandContext<typeof wholeRunOptions>,
  { registry, hub, recipe, options }: RunRequest,
): Promise<number> {
  if (options.out === undefined && recipe.publish === undefined) {
    throw new UsageError({
      code: 'usage/no-output',
      message: 'the merged model has nowhere to go',
      hint: 'add --out <folder>, or `publish` to the recipe',
    });
  }
  const { comeToRest, createRun, launchRun } = await import('@hubfuse/runs');
  const { openWorkspace } = await import('./workspace.ts');
  const { workerCommand } = await import('./worker-command.ts');
  const { describeReport, reportAsJson, showRun } = await import('./run-view.ts');
  const launcher = registry.get('launcher', context.options.launcher ?? 'in-process');
  const { store, folder: workspace } = await openWorkspace(context, registry);
  const { id: runId } = await createRun({ store, recipe, options, fresh: context.options.fresh });
  const { workers, memory, 'allow-other-processor': allowOtherProcessor } = context.options;
  const { device, defaultDevice } = devicesOf(context);
  const execution = {
    ...{ device, defaultDevice },
    ...{ store, runId, registry, hub, workspace, workers, memory, allowOtherProcessor },
    worker: workerCommand(context),
  };
  const launching = launchRun({ launcher, ...execution, signal: context.signal, ...showRun(context.output) });
  const report = await launching.finally(() => comeToRest(REST_MS));
  context.output.result(reportAsJson(report), () => describeReport(report));
  return report.gate?.met === false ? EXIT_CODES.gate.code : EXIT_CODES.ok.code;
}
