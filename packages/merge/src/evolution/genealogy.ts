import type { FloatDType } from '@hubfuse/tensors';

/**
 * How an evolved population comes about: everything that, with the original models, gives its weights again. Plain
 * JSON, a few bytes per step. Du et al., Knowledge Fusion by Evolving Weights of Language Models, arXiv 2406.12208.
 */
export interface Genealogy {
  /** Seed of the crossover masks: a whole number from 0 to 2^53 - 1. */
  seed: number;
  /** `differential`: parent + scale (first - second), the paper's. `blend`: (1 - scale) parent + scale first. */
  mode: EvolutionMode;
  /** F of the formulas. */
  scale: number;
  /** Cr: a scalar is the mutant's where U < crossover, U uniform in [0, 1). */
  crossover: number;
  /**
   * `steady`: a step sees all steps before it. `synchronous`: it sees the population as it was when its generation
   * began.
   */
  update: 'steady' | 'synchronous';
  /** Storage dtype of an individual that a step has changed: its scalars are rounded to it once per step. */
  dtype: FloatDType;
  /** Tensors whose name contains one of these do not evolve. */
  exclude: readonly string[];
  /** The steps that shaped the population, in order of acceptance. */
  steps: readonly EvolutionStep[];
  /**
   * The individual that is the result, counted from 0 in the order of the models. Absent: the result is what the plan's
   * method makes of the whole population.
   */
  individual?: number;
}

export type EvolutionMode = 'differential' | 'blend';

/** A child that takes its parent's place. Individuals are counted from 0 in the order of the models. */
export interface EvolutionStep {
  /** Counted from 0. */
  generation: number;
  /** The parent, whose place the child takes. */
  individual: number;
  /** `differential`: the two individuals whose difference is added. `blend`: the one that is blended in. */
  references: readonly number[];
}
