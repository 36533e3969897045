import type { EvolutionMode, Genealogy } from '@hubfuse/merge';
import type { FloatDType } from '@hubfuse/tensors';
import type { SearchReport, SearchSetting } from './search-types.ts';

/** Evolver's parameters. Du et al., arXiv 2406.12208; model-evolution/src/model_merge/evolver.py. */
export interface EvolverSettings {
  /** Default 0. */
  seed?: number | undefined;
  /** Default `differential` (the paper), which needs three models; `blend` is what the authors' code does. */
  mode?: EvolutionMode | undefined;
  /** F, 0 to 2. Default 0.5. */
  scale?: number | undefined;
  /** Cr, 0 to 1. Default 0.5. */
  crossover?: number | undefined;
  /**
   * The reference of a blend. `adaptive`: random with probability p = 0.5 / (generations - generation) + 0.5, else the best of
   * the others. Default: `adaptive` for Evolver alone, `random` around a merger, as the authors do.
   */
  reference?: 'adaptive' | 'random' | 'best' | undefined;
  /** `steady` (default): an accepted child is seen at once. `synchronous`: from the next generation. */
  update?: 'steady' | 'synchronous' | undefined;
  /** Order of the individuals in a generation. Default: `fixed` for Evolver alone, `random` around a merger. */
  order?: 'fixed' | 'random' | undefined;
  /** Default 15. */
  generations?: number | undefined;
  /** Storage dtype of changed individuals. Default F32. */
  dtype?: FloatDType | undefined;
  /** Tensors whose name contains one of these do not evolve. */
  exclude?: readonly string[] | undefined;
}

export interface EvolveOptions extends SearchSetting<Genealogy> {
  /** Names of the models, in the order of the plan. */
  models: readonly string[];
  /** Whether candidates are what a method makes of the population (X_Evolver) or single individuals (Evolver alone). */
  merged: boolean;
  settings?: EvolverSettings | undefined;
  /** Where random choices come from. Default: the counter-based generator, by the seed. */
  draws?: SearchDraws | undefined;
}

/** The random choices of an evolution beside the masks: functions of generation and individual alone. */
export interface SearchDraws {
  /** Individuals in the order in which a generation takes them. */
  order(generation: number, individuals: number): readonly number[];
  /** `count` different individuals other than `individual`. */
  others(options: { generation: number; individual: number; individuals: number; count: number }): readonly number[];
  /** A number in [0, 1): the adaptive reference is random where it is below p. */
  uniform(generation: number, individual: number): number;
}

export interface EvolveResult extends SearchReport {
  /** Of the best: what `executeMerge` takes to build it. */
  genealogy: Genealogy;
}
