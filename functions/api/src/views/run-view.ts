import { type RunRecord, stateOf } from '@hubfuse/runs';
import type { RunView } from '../schemas/run.ts';
import { runCostView } from './estimate-view.ts';
import { planView } from './plan-view.ts';

/** A run as the service shows it: nothing of where files lie on the machine that worked. */
export function runView({ spec, state, plan, report }: RunRecord): RunView {
  const { id, name, recipe, origin, createdAt, limits } = spec;
  const { phases, progress, attempts, updatedAt, error } = state;
  const phase = phases.find(({ status }) => status !== 'done')?.name;
  const at = `/v1/runs/${encodeURIComponent(id)}`;
  return {
    id,
    name,
    state: stateOf(state),
    ...(phase === undefined || state.status === 'done' ? {} : { phase }),
    phases: phases.map(({ output: _, ...one }) => ({ ...one })),
    ...(progress === undefined || state.status !== 'running' ? {} : { progress: { ...progress } }),
    attempts,
    createdAt,
    updatedAt,
    origin: { ...origin, ancestry: origin.ancestry.map((ancestor) => ({ ...ancestor })) },
    method: recipe.method,
    models: modelsOf({ spec, ...(plan === undefined ? {} : { plan }) }),
    recipe: recipe.source.text,
    ...(plan === undefined ? {} : { plan: planView(plan, { tensors: false }) }),
    ...(Object.keys(limits).length === 0 ? {} : { limits: { ...limits } }),
    ...(state.cost === undefined ? {} : { cost: runCostView(state.cost, { spec, state }) }),
    ...(report?.scores === undefined ? {} : { scores: { ...report.scores } }),
    ...(report?.search === undefined ? {} : { search: { ...report.search } }),
    ...(report?.gate === undefined ? {} : { gate: { ...report.gate } }),
    ...(report === undefined
      ? {}
      : { published: report.published.map((one) => ({ ...one })), warnings: [...report.warnings] }),
    ...(error === undefined ? {} : { error: errorView(error) }),
    links: {
      self: at,
      events: `${at}/events`,
      logs: `${at}/logs`,
      report: `${at}/report`,
      artefacts: `${at}/artefacts`,
      cancel: `${at}/cancel`,
    },
  };
}

function modelsOf({ spec, plan }: Pick<RunRecord, 'spec' | 'plan'>): RunView['models'] {
  if (plan !== undefined) {
    return plan.models.map(({ name, role, revision }) => ({
      name,
      role,
      ...(revision === undefined ? {} : { revision }),
    }));
  }
  const { base, models } = spec.recipe;
  return [
    ...(base === undefined ? [] : [{ name: base.text, role: 'base' }]),
    ...models.map(({ text }) => ({ name: text, role: 'model' })),
  ];
}

function errorView({ code, message, where, hint }: NonNullable<RunRecord['state']['error']>) {
  return {
    code,
    message,
    ...(where === undefined ? {} : { where }),
    ...(hint === undefined ? {} : { hint }),
  };
}
