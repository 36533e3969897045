import type { RaceTrace, Verdict } from './race-types.ts';

/**
 * The verdict on a candidate against a bar: by the first standing that the bar beats, else by what kept it from being scored, else
 * by the last standing. Undefined where the candidate was given up against a higher bar than this, so that its trace ends too early.
 */
export function verdictOf(trace: RaceTrace, bar: number | undefined): Verdict | undefined {
  const { bounded, standings, datasets, total, failure } = trace;
  const beaten = bounded && bar !== undefined ? standings.find(({ mean }) => mean <= bar) : undefined;
  if (beaten === undefined && failure !== undefined) return { accepted: false, failure, examples: 0, total };
  const standing = beaten ?? standings.at(-1);
  if (standing === undefined) return undefined;
  const { examples, mean, scores } = standing;
  if (examples < total) return beaten === undefined ? undefined : { accepted: false, bound: mean, examples, total };
  return {
    accepted: bar === undefined || mean > bar,
    score: mean,
    datasets: Object.fromEntries(datasets.map((name, index) => [name, scores[index] ?? 0] as const)),
    examples,
    total,
  };
}
