import type { ScoreColumn, ScoreRole, ScoreRow, ScoreTable } from '../report.ts';
import type { ModelScorer, ModelScores, ScoredModel } from './score-models.ts';
import type { ScoringData } from './scoring-data.ts';

const SPLITS = ['dev', 'test'] as const;

/** Rows of models that were not made for all of the data. */
const FOREIGN = new Set<ScoreRole>(['parent', 'base', 'published']);

/** Told after each row and split. */
export type ScoredListener = (scored: {
  name: string;
  split: 'dev' | 'test';
  scores: ModelScores;
}) => void | Promise<void>;

/**
 * Scores a model on both splits: one row of the table. A parent, base or published model gets 0 where it knows no label
 * of a dataset, on either split, as long as it knows some of another one.
 * @throws EvaluationError where no split has a label that the model knows
 */
export async function scoreRow(options: {
  scorer: ModelScorer;
  model: ScoredModel;
  role: ScoreRole;
  /** Default: both. */
  splits?: readonly ('dev' | 'test')[];
  /** Names of datasets. Default: all. */
  datasets?: readonly string[] | undefined;
  onScored?: ScoredListener | undefined;
}): Promise<ScoreRow> {
  const { scorer, model, role, splits = SPLITS, datasets, onScored } = options;
  const { name } = model;
  const found: { split: 'dev' | 'test'; scores: ModelScores }[] = [];
  for (const split of splits) {
    const scores = await scorer.score(model, split, { foreign: FOREIGN.has(role), datasets });
    if (scores !== undefined) found.push({ split, scores });
  }
  const refusal = found[0]?.scores.refusal;
  if (refusal !== undefined && found.every(({ scores }) => scores.refusal !== undefined)) throw refusal;
  // Nobody hears of one split before the other has shown that there is a row at all.
  for (const { split, scores } of found) await onScored?.({ name, split, scores });
  return { name, role, ...Object.fromEntries(found.map(({ split, scores }) => [split, scores.scores])) };
}

/** Collects how many examples each dataset has while rows are scored. */
export class ExampleCounts {
  readonly #counts = new Map<string, { dev?: number; test?: number }>();

  add(split: 'dev' | 'test', examples: Readonly<Record<string, number>>): void {
    for (const [name, count] of Object.entries(examples)) {
      this.#counts.set(name, { ...this.#counts.get(name), [split]: count });
    }
  }

  columns(data: readonly ScoringData[]): ScoreColumn[] {
    const domains = new Map(data.map(({ name, domain }) => [name, domain]));
    return [...domains].map(([name, domain]) => ({ name, domain, examples: this.#counts.get(name) ?? {} }));
  }
}

/** The row of a role, where the table has one. */
export function rowOf(table: ScoreTable, role: ScoreRole): ScoreRow | undefined {
  return table.rows.find((row) => row.role === role);
}

/** Highest development mean of the parents; undefined where none was scored. */
export function bestParent(table: ScoreTable): number | undefined {
  return bestParentRow(table)?.dev?.mean;
}

/** The parent with the highest development mean, or score on one dataset; of equals the first. */
export function bestParentRow(table: ScoreTable, dataset?: string): ScoreRow | undefined {
  const score = ({ dev }: ScoreRow) => (dataset === undefined ? dev?.mean : dev?.datasets[dataset]);
  const parents = table.rows.filter((row) => row.role === 'parent' && score(row) !== undefined);
  return parents.reduce<ScoreRow | undefined>((best, row) => {
    return best === undefined || (score(row) ?? 0) > (score(best) ?? 0) ? row : best;
  }, undefined);
}
