import type { ScoreRow, ScoreTable, SplitScores } from '@hubfuse/runs';
import type { Column } from './terminal/table.ts';

/** Scores of one split as a table in percent: one row per model, one column per dataset, and the mean. */
export function scoreColumns(table: ScoreTable, split: 'dev' | 'test'): Column[] {
  const datasets = table.datasets.filter((dataset) => dataset.examples[split] !== undefined);
  const titles = datasets.map(({ name, domain }) => (domain === 'out' ? `${name} (out)` : name));
  return [{ title: '' }, ...[...titles, 'mean'].map((title): Column => ({ title, align: 'right' }))];
}

/** The rows that go with `scoreColumns`; models without scores on this split are left out. */
export function scoreRows(table: ScoreTable, split: 'dev' | 'test'): string[][] {
  const datasets = table.datasets.filter((dataset) => dataset.examples[split] !== undefined);
  return table.rows.flatMap((row: ScoreRow) => {
    const scores: SplitScores | undefined = row[split];
    if (scores === undefined) return [];
    const cells = datasets.map(({ name }) => percent(scores.datasets[name]));
    return [[describeRow(row), ...cells, percent(scores.mean)]];
  });
}

/** `81.64`: a fraction in percent with two digits. */
export function percent(fraction: number | undefined): string {
  return fraction === undefined ? '-' : (100 * fraction).toFixed(2);
}

function describeRow(row: ScoreRow): string {
  return row.name === row.role ? row.name : `${row.name} (${row.role})`;
}
