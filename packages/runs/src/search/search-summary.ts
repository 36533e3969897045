import type { ScoringEnvironment } from '@hubfuse/evaluate';
import {
  type ExamplesByOutcome,
  examplesByOutcome,
  type SearchEnd,
  type SearchReport,
  type SearchSpending,
} from '@hubfuse/evolve';

/** How a search went, in the figures that report, card and manifest show. Scores are fractions. Plain data. */
export interface SearchSummary {
  /** `evolution`: the models evolved; `coefficients`: numbers of the method were searched. */
  kind: 'evolution' | 'coefficients';
  /** Settings in effect, by their names in the recipe. */
  settings: Readonly<Record<string, string | number | readonly string[]>>;
  seed: number;
  /** What ended it. */
  ended: SearchEnd;
  /** Generations that were begun. */
  generations: number;
  /** Candidates that were decided on, the starting ones aside, and how many of them were accepted. */
  candidates: number;
  accepted: number;
  /** Best development score before the search and after it. */
  start: { name: string; score: number };
  best: { score: number; datasets: Readonly<Record<string, number>> };
  /** The values found, where coefficients were searched. */
  coefficients?: readonly { name: string; start: number; value: number }[];
  /** What was gathered anew: for each candidate that was decided on, and for the individuals of the result. */
  refreshed?: { statistics: 'grams' | 'fisher'; candidates: number; individuals: number };
  /** The individual that is the result, where the method is Evolver alone. */
  individual?: string;
  spent: SearchSpending;
  /** Examples that accepted and rejected candidates were scored on, apart; absent in summaries of earlier versions. */
  examples?: ExamplesByOutcome;
  /** Where scores were computed, and where it went on. */
  environment: ScoringEnvironment;
  otherEnvironments?: readonly ScoringEnvironment[];
}

/** The figures that both kinds of search have. */
export function summaryOf(
  report: SearchReport,
  more: Pick<SearchSummary, 'kind' | 'settings' | 'seed' | 'coefficients' | 'individual' | 'refreshed'>,
): SearchSummary {
  const { ended, best, initial, candidates, spent, environment, otherEnvironments } = report;
  const start = initial.reduce<SearchSummary['start'] | undefined>((highest, { name, verdict }) => {
    const score = verdict.score ?? Number.NEGATIVE_INFINITY;
    return highest === undefined || score > highest.score ? { name, score } : highest;
  }, undefined);
  return {
    ...more,
    ended,
    generations: 1 + candidates.reduce((last, { generation }) => Math.max(last, generation), -1),
    candidates: candidates.length,
    accepted: candidates.filter(({ accepted }) => accepted).length,
    start: start ?? { name: 'start', score: Number.NaN },
    best: { score: best.score, datasets: best.datasets },
    spent,
    examples: examplesByOutcome(candidates),
    environment,
    ...(otherEnvironments === undefined ? {} : { otherEnvironments }),
  };
}

/** All that scored, in order, as `describe` names each. */
export function scoredBy(
  { environment, otherEnvironments = [] }: Pick<SearchSummary, 'environment' | 'otherEnvironments'>,
  describe: (environment: ScoringEnvironment) => string,
): string {
  return [environment, ...otherEnvironments].map(describe).join('; then ');
}
