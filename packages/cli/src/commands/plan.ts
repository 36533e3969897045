import { defineCommand } from '../command.ts';
import { readRunRequest, runOptions, runPositionals } from '../run-request.ts';

export default defineCommand({
  name: 'plan',
  summary: 'Show what a merge would do, from file headers alone',
  description: [
    'Pins every revision, reads headers by range and downloads nothing: sizes and precisions, what becomes of every ' +
      'tensor, memory, disk, licences, and the time and dollars that it is expected to take. Takes the same arguments as merge. A plan that cannot be carried out fails with ' +
      'the error that the merge would fail with.',
  ],
  positionals: runPositionals,
  options: {
    ...runOptions,
    launcher: {
      type: 'text',
      value: 'name',
      default: 'in-process',
      description: 'where it would run: time and cost are told for the machine that this launcher would choose',
    },
    explain: { type: 'flag', description: 'show every tensor with the parameters that hold for it' },
  },
  examples: [
    { command: 'hubfuse plan recipe.yaml', explanation: 'before anything is spent' },
    { command: 'hubfuse plan recipe.yaml --explain', explanation: 'which weight holds for which tensor' },
    { command: 'hubfuse plan recipe.yaml --json', explanation: 'the whole plan as JSON' },
  ],
  async run(context) {
    const { options, output, environment } = context;
    const { registry, recipe, options: runSettings, hub: access } = await readRunRequest(context);
    const { makePlan, withEstimates } = await import('@hubfuse/runs');
    const { describePlan, explainTensors } = await import('../plan-view.ts');
    const { findSpace, requireSpace } = await import('../plan-space.ts');
    const { showHub } = await import('../hub-view.ts');
    const hub = { ...access, onProgress: showHub(output) };
    const { workers, memory } = options;
    const spec = { recipe, options: runSettings };
    const launcher = registry.get('launcher', options.launcher ?? 'in-process');
    const made = await makePlan({ spec, hub, registry, limits: { workers, memory } });
    const plan = withEstimates(made, { tariff: await launcher.tariffOf?.(made), workers });
    const places = { cache: hub.cacheDir, output: runSettings.out ?? environment.home };
    const space = await findSpace(plan, { places, workers, memory });
    output.result({ plan, ...space }, () => {
      const tensors = options.explain ? ['', explainTensors(plan.merge)] : [];
      return [describePlan(plan, space), ...tensors].join('\n');
    });
    requireSpace(space);
    return undefined;
  },
});
