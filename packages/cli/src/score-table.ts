import type { Difference, ScoreRow, ScoreTable } from '@hubfuse/runs';
import { percent } from './scores-view.ts';
import { type Column, renderTable } from './terminal/table.ts';

/**
 * Scores of one split in percent: a row per model, a column per dataset, the mean, and by how much the merged model is ahead
 * of each other one, with the paired 95 % interval. Empty where nothing was scored.
 */
export function renderScores(table: ScoreTable, split: 'dev' | 'test'): string {
  const datasets = table.datasets.filter((dataset) => dataset.examples[split] !== undefined);
  const titles = datasets.map(({ name, domain }) => (domain === 'out' ? `${name} (out)` : name));
  const compared = table.rows.some(({ difference }) => difference?.[split] !== undefined);
  const titled = [...titles, 'mean', ...(compared ? ['merged ahead by'] : [])];
  const columns = [{ title: 'model' }, ...titled.map((title): Column => ({ title, align: 'right' }))];
  const rows = table.rows.flatMap((row) => {
    const scores = row[split];
    if (scores === undefined) return [];
    const cells = datasets.map(({ name }) => percent(scores.datasets[name]));
    const ahead = compared ? [describeDifference(row.difference?.[split])] : [];
    return [[describeRow(row), ...cells, percent(scores.mean), ...ahead]];
  });
  return rows.length === 0 ? '' : renderTable(columns, rows);
}

/** `+1.25 (+0.40 to +2.10)`: in percent, with its interval. */
function describeDifference(difference: Difference | undefined): string {
  if (difference === undefined) return '';
  const { value, low, high } = difference;
  return `${signed(value)} (${signed(low)} to ${signed(high)})`;
}

function signed(fraction: number): string {
  return `${fraction < 0 ? '' : '+'}${percent(fraction)}`;
}

/** A parent is called by the last part of its name; what a row is stands behind a name that does not say it. */
function describeRow({ name, role }: ScoreRow): string {
  const short = name.slice(name.lastIndexOf('/') + 1);
  return role === 'candidate' || role === 'parent' || short.includes(role) ? short : `${short} (${role})`;
}
