import type { ResolvedSettings } from './evolver-settings.ts';
import type { SearchDraws } from './evolver-types.ts';

/**
 * The individuals that a mutant is made with: two for a difference; for a blend one, which is random with probability
 * p = 0.5 / (generations - generation) + 0.5 and else the best of the others (model-evolution/src/model_merge/evolver.py:213-246).
 */
export function chooseReferences(options: {
  settings: Pick<ResolvedSettings, 'mode' | 'reference' | 'generations'>;
  draws: SearchDraws;
  generation: number;
  individual: number;
  individuals: number;
  /** Score of each individual; undefined where only the merged population has one. */
  scores: readonly number[] | undefined;
}): readonly number[] {
  const { settings, draws, generation, individual, individuals, scores } = options;
  const random = (count: number): readonly number[] => draws.others({ generation, individual, individuals, count });
  if (settings.mode === 'differential') return random(2);
  if (settings.reference === 'random' || scores === undefined) return random(1);
  const probability = 0.5 / (settings.generations - generation) + 0.5;
  const drawn = settings.reference === 'adaptive' && draws.uniform(generation, individual) < probability;
  return drawn ? random(1) : [bestOther(scores, individual)];
}

/** The first among equals. */
function bestOther(scores: readonly number[], individual: number): number {
  let best = individual === 0 ? 1 : 0;
  for (const [index, score] of scores.entries()) {
    if (index !== individual && score > (scores[best] ?? score)) best = index;
  }
  return best;
}
