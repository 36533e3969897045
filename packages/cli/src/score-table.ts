import type { ScoreRow, ScoreTable } from '@hubfuse/runs';
import { percent } from './scores-view.ts';
import { type Column, renderTable } from './terminal/table.ts';

/** Scores of one split in percent: a row per model, a column per dataset, and the mean. Empty where nothing was scored. */
export function renderScores(table: ScoreTable, split: 'dev' | 'test'): string {
  const datasets = table.datasets.filter((dataset) => dataset.examples[split] !== undefined);
  const titles = datasets.map(({ name, domain }) => (domain === 'out' ? `${name} (out)` : name));
  const columns = [{ title: 'model' }, ...[...titles, 'mean'].map((title): Column => ({ title, align: 'right' }))];
  const rows = table.rows.flatMap((row) => {
    const scores = row[split];
    if (scores === undefined) return [];
    const cells = datasets.map(({ name }) => percent(scores.datasets[name]));
    return [[describeRow(row), ...cells, percent(scores.mean)]];
  });
  return rows.length === 0 ? '' : renderTable(columns, rows);
}

/** A parent is called by the last part of its name; what a row is stands behind a name that does not say it. */
function describeRow({ name, role }: ScoreRow): string {
  const short = name.slice(name.lastIndexOf('/') + 1);
  return role === 'candidate' || role === 'parent' || short.includes(role) ? short : `${short} (${role})`;
}
