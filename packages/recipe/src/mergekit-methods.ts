import type { BooleanParameter, NumberParameter, Parameter } from '@hubfuse/plugin';
import type { MethodSpec } from './method-spec.ts';

/**
 * The methods of mergekit 0.1.4 by their declarations: base, number of models, parameters with ranges and defaults. A
 * registered method of the same name replaces its entry. With them a recipe for a method that hubfuse does not have
 * yet is still told its mistakes, and a parameter in the wrong recipe is told whose it is.
 */

function perModel(description: string, range: Partial<NumberParameter> = {}): NumberParameter {
  return { type: 'number', level: 'model', perTensor: 'always', description, ...range };
}
function overall(description: string, range: Partial<NumberParameter> = {}): NumberParameter {
  return { type: 'number', level: 'global', perTensor: 'always', description, ...range };
}
function flag(description: string, byDefault: boolean): BooleanParameter {
  return { type: 'boolean', level: 'global', perTensor: 'always', description, default: byDefault };
}

const WEIGHT = perModel('Share of the model', { default: 1, allOrNone: true });
const DENSITY = perModel('Share of each task vector that is kept', {
  default: 1,
  minimum: 0,
  exclusiveMinimum: true,
  maximum: 1,
});
const INT8_MASK = flag('Has no effect on the result', false);

function taskVectors(
  name: string,
  defaults: { normalize: boolean; rescale: boolean },
  more: Readonly<Record<string, Parameter>> = {},
): MethodSpec {
  return {
    name,
    base: 'required',
    models: { minimum: 1 },
    parameters: {
      weight: WEIGHT,
      density: DENSITY,
      ...more,
      lambda: overall('Factor of the merged task vector', { default: 1 }),
      normalize: flag('Divide by the sum of the weights', defaults.normalize),
      rescale: flag('Restore the L1 norm of each trimmed task vector', defaults.rescale),
      int8_mask: INT8_MASK,
    },
  };
}

const GAMMA = perModel('Share of the largest values that is dropped', { default: 0.01, minimum: 0, maximum: 1 });
const EPSILON = perModel('Half the width of the range of keep probabilities', {
  default: 0.15,
  minimum: 0,
  maximum: 1,
});
const INTERPOLATION = overall('0 is the base, 1 the other model');
const MINIMAL_DELTA = overall('Differences up to this size count as none', { default: 1e-5, minimum: 0 });

export const MERGEKIT_METHODS: readonly MethodSpec[] = [
  {
    name: 'linear',
    base: 'unused',
    models: { minimum: 1 },
    parameters: { weight: { ...WEIGHT, nonZeroSumWith: 'normalize' }, normalize: flag('Divide by the sum', true) },
  },
  taskVectors('task_arithmetic', { normalize: false, rescale: false }),
  taskVectors('ties', { normalize: true, rescale: false }),
  taskVectors('dare_linear', { normalize: false, rescale: true }),
  taskVectors('dare_ties', { normalize: false, rescale: true }),
  taskVectors('breadcrumbs', { normalize: false, rescale: false }, { gamma: GAMMA }),
  taskVectors('breadcrumbs_ties', { normalize: false, rescale: false }, { gamma: GAMMA }),
  taskVectors('della', { normalize: true, rescale: true }, { epsilon: EPSILON }),
  taskVectors('della_linear', { normalize: false, rescale: true }, { epsilon: EPSILON }),
  { name: 'slerp', base: 'required', models: { minimum: 1, maximum: 1 }, parameters: { t: INTERPOLATION } },
  {
    name: 'nuslerp',
    base: 'optional',
    models: { minimum: 2, maximum: 2 },
    parameters: {
      weight: WEIGHT,
      nuslerp_flatten: flag('One angle for the whole tensor', true),
      nuslerp_row_wise: flag('One angle along the first dimension', false),
    },
  },
  {
    name: 'multislerp',
    base: 'optional',
    models: { minimum: 2 },
    parameters: {
      weight: WEIGHT,
      normalize_weights: flag('Divide the weights by their sum', true),
      eps: overall('Floor of norms', { default: 1e-8, minimum: 0 }),
    },
  },
  {
    name: 'karcher',
    base: 'unused',
    models: { minimum: 2 },
    parameters: {
      max_iter: overall('Most iterations', { default: 10, minimum: 1, integer: true }),
      tol: overall('Length of the last step', { default: 1e-5, minimum: 0 }),
    },
  },
  {
    name: 'model_stock',
    base: 'required',
    models: { minimum: 2 },
    parameters: { filter_wise: flag('One ratio for each row', false) },
  },
  {
    name: 'sce',
    base: 'required',
    models: { minimum: 1 },
    parameters: {
      select_topk: overall('Share of the positions with the highest variance', { default: 1, minimum: 0, maximum: 1 }),
      int8_mask: INT8_MASK,
    },
  },
  {
    name: 'nearswap',
    base: 'required',
    models: { minimum: 1, maximum: 1 },
    parameters: { t: overall('Difference at which the other model is taken whole', { minimum: 0 }) },
  },
  { name: 'ram', base: 'required', models: { minimum: 1 }, parameters: { epsilon: MINIMAL_DELTA } },
  {
    name: 'ramplus_tl',
    base: 'required',
    models: { minimum: 1 },
    parameters: {
      epsilon: MINIMAL_DELTA,
      r: overall('Gain of positions that one model owns', { default: 0.1, minimum: 0 }),
      alpha: overall('Cap of the ratio of shared to owned positions', { default: 0.2, minimum: 0 }),
    },
  },
  { name: 'arcee_fusion', base: 'required', models: { minimum: 1, maximum: 1 }, parameters: {} },
  {
    name: 'passthrough',
    base: 'unused',
    models: { minimum: 1, maximum: 1 },
    parameters: { scale: perModel('Factor of the tensor', { default: 1 }) },
  },
];
