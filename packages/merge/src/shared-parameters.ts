import type { BooleanParameter, NumberParameter } from '@hubfuse/plugin';

/** A weight per model: given to all of them or to none, and then 1. */
export function modelWeight(description: string): NumberParameter {
  return { type: 'number', level: 'model', perTensor: 'always', default: 1, allOrNone: true, description };
}

/** A share of the task vector, in (0, 1]. */
export function density(options: Pick<NumberParameter, 'description' | 'perTensor'>): NumberParameter {
  return { type: 'number', level: 'model', default: 1, minimum: 0, exclusiveMinimum: true, maximum: 1, ...options };
}

/** Scale of the merged task vector. */
export const LAMBDA: NumberParameter = {
  type: 'number',
  level: 'global',
  perTensor: 'always',
  default: 1,
  description: 'Scale of the merged task vector.',
};

/** Something to be switched on or off. */
export function option(options: Pick<BooleanParameter, 'default' | 'description' | 'onlyWith'>): BooleanParameter {
  return { type: 'boolean', level: 'global', perTensor: 'always', ...options };
}

/** mergekit stores an intermediate mask in fewer bits with it. */
export const INT8_MASK: BooleanParameter = option({
  default: false,
  description: "Accepted for mergekit's sake; it never changes a result.",
});
