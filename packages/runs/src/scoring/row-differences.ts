import { openPairedScores, type PairedScores } from '@hubfuse/evaluate';
import type { Metric } from '@hubfuse/plugin';
import { type Gate, type GateDifference, type GatePair, gatePairs } from '@hubfuse/recipe';
import type { ScoreRow, ScoreTable } from '../report.ts';
import type { RowAnswers } from './row-answers.ts';
import { bestParentRow, rowOf } from './score-rows.ts';

const SPLITS = ['dev', 'test'] as const;

/** A table with the differences between the merged model and every other row, and those that a gate compares. */
export async function withDifferences(options: {
  table: ScoreTable;
  answers: RowAnswers;
  metric: Metric;
  gate: Gate | undefined;
  signal: AbortSignal;
}): Promise<{ table: ScoreTable; differences: GateDifference[] }> {
  const { table, answers, metric, gate, signal } = options;
  const paired = new Map<(typeof SPLITS)[number], PairedScores>();
  for (const split of SPLITS) {
    const scored = table.datasets.filter(({ examples }) => examples[split] !== undefined);
    const datasets = scored.map(({ name }) => {
      return { name, models: table.rows.map((row) => answers.of(row, split, name)) };
    });
    if (datasets.length > 0) paired.set(split, await openPairedScores({ metric, datasets, signal }));
  }
  const merged = table.rows.findIndex(({ role }) => role === 'merged');
  const rows: ScoreRow[] = [];
  for (const [right, row] of table.rows.entries()) {
    const difference: ScoreRow['difference'] = {};
    for (const [split, scores] of row.role === 'merged' ? [] : paired) {
      const found = await scores.difference({ left: merged, right, datasets: inDomain(table, split) });
      if (found !== undefined) difference[split] = found;
    }
    rows.push(Object.keys(difference).length === 0 ? row : { ...row, difference });
  }
  const dev = paired.get('dev');
  const differences: GateDifference[] = [];
  for (const pair of gate === undefined || dev === undefined ? [] : gatePairs(gate)) {
    const difference = dev && (await gateDifference({ pair, table, paired: dev }));
    if (difference !== undefined) differences.push(difference);
  }
  return { table: { ...table, rows }, differences };
}

/** Names of the datasets that make the mean. */
function inDomain({ datasets }: ScoreTable, split: 'dev' | 'test'): string[] {
  return datasets.flatMap(({ name, domain, examples }) =>
    domain === 'in' && examples[split] !== undefined ? [name] : [],
  );
}

/** Undefined where one of the two has no row: nothing is published yet. */
async function gateDifference(options: {
  pair: GatePair;
  table: ScoreTable;
  paired: PairedScores;
}): Promise<GateDifference | undefined> {
  const { pair, table, paired } = options;
  // Where one side is a dataset, the other side's model is looked at on it alone.
  const dataset = table.datasets.find(({ name }) => name === pair.left || name === pair.right)?.name;
  const [left, right] = [rowBehind(table, pair.left, dataset), rowBehind(table, pair.right, dataset)];
  if (left === undefined || right === undefined) return undefined;
  const difference = await paired.difference({
    left: table.rows.indexOf(left),
    right: table.rows.indexOf(right),
    datasets: dataset === undefined ? inDomain(table, 'dev') : [dataset],
  });
  if (difference === undefined) return undefined;
  const { value, low, high } = difference;
  const score = ({ dev }: ScoreRow) => (dataset === undefined ? dev?.mean : dev?.datasets[dataset]) ?? Number.NaN;
  return { ...pair, value, low, high, scores: { left: score(left), right: score(right) } };
}

/** The model that a name of a gate stands for. */
function rowBehind(table: ScoreTable, name: string, dataset: string | undefined): ScoreRow | undefined {
  switch (name) {
    case 'best_parent':
      return bestParentRow(table, dataset);
    case 'base':
    case 'average':
    case 'published':
      return rowOf(table, name);
    default:
      return rowOf(table, 'merged');
  }
}
