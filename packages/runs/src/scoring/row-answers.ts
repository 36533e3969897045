import type { Answers } from '@hubfuse/evaluate';
import type { ScoreRow } from '../report.ts';
import type { ScoredListener } from './score-rows.ts';

type Split = 'dev' | 'test';

/** What was said for each row of a table, by split and dataset: differences between rows are computed from it. */
export class RowAnswers {
  readonly #kept = new Map<ScoreRow, Readonly<Record<Split, Record<string, Answers>>>>();

  /** Scores one row and keeps what was said meanwhile. */
  async record(onScored: ScoredListener, score: (onScored: ScoredListener) => Promise<ScoreRow>): Promise<ScoreRow> {
    const said: Record<Split, Record<string, Answers>> = { dev: {}, test: {} };
    const row = await score(async (scored) => {
      Object.assign(said[scored.split], scored.scores.answers);
      await onScored(scored);
    });
    this.#kept.set(row, said);
    return row;
  }

  of(row: ScoreRow, split: Split, dataset: string): Answers | undefined {
    return this.#kept.get(row)?.[split][dataset];
  }
}
