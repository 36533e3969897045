import type { RunPlan } from '@hubfuse/runs';
import type { PlanView } from '../schemas/plan.ts';
import { costView, timeView } from './estimate-view.ts';

type Fate = 'method' | 'average' | 'labels' | 'copy';

/** A plan as the service shows it. @param tensors List every tensor: thousands, for a large model. */
export function planView(plan: RunPlan, { tensors }: { tensors: boolean }): PlanView {
  const { recipe, models, data, phases, bytes, merge, search, statistics, licence, warnings, time, cost } = plan;
  const count = (fate: Fate) => merge.tensors.filter(({ rule }) => rule === fate).length;
  return {
    name: recipe.name ?? merge.method,
    method: merge.method,
    models: models.map(({ role, name, reference, revision, files }) => ({
      role,
      name,
      reference,
      ...(revision === undefined ? {} : { revision }),
      bytes: files.reduce((sum, { size }) => sum + size, 0),
    })),
    data: data.map(({ dataset, split, repo, revision, path }) => ({
      dataset,
      split,
      path,
      ...(repo === undefined ? {} : { repo }),
      ...(revision === undefined ? {} : { revision }),
    })),
    phases: [...phases],
    bytes: { ...bytes },
    parameters: merge.totals.parameters,
    passes: merge.totals.passes,
    outputs: merge.outputs.map(({ path, size }) => ({ path, size })),
    tensors: {
      method: count('method'),
      average: count('average'),
      labels: count('labels'),
      copy: count('copy'),
      ...(tensors ? { all: merge.tensors.map(tensorView) } : {}),
    },
    ...(search === undefined ? {} : { search: { ...search } }),
    ...(statistics === undefined ? {} : { statistics: statistics.map((one) => ({ ...one })) }),
    ...(time === undefined ? {} : { time: timeView(time) }),
    ...(cost === undefined ? {} : { cost: costView(cost) }),
    licence: {
      licence: licence.licence,
      findings: licence.findings.map(({ severity, message }) => ({ severity, message })),
    },
    warnings: warnings.map((warning) => ({ ...warning })),
  };
}

function tensorView({ name, shape, dtype, rule, note }: RunPlan['merge']['tensors'][number]) {
  return { name, shape: [...shape], dtype, fate: rule, ...(note === undefined ? {} : { note }) };
}
