import type { Scores } from '@hubfuse/evaluate';
import { type Column, renderTable } from './terminal/table.ts';

/** Scores of one model as a JSON line: fractions under the metric's name, for the mean and for each dataset. */
export function scoresAsJson(model: string, scores: Scores): object {
  const { task, metric, mean, outOfDomainMean, warnings, environment } = scores;
  const datasets = Object.fromEntries(
    Object.entries(scores.datasets).map(([name, { score, ...rest }]) => [name, { [metric]: score, ...rest }]),
  );
  return {
    ...{ model, task, metric, [metric]: mean, datasets },
    ...(outOfDomainMean === undefined ? {} : { outOfDomainMean }),
    ...{ warnings, environment },
  };
}

/** Scores of several models as a table in percent. */
export function describeScores(rows: readonly { name: string; scores: Scores }[]): string {
  const [first] = rows;
  if (first === undefined) return '';
  const { datasets, metric, task } = first.scores;
  const names = Object.keys(datasets);
  const columns: Column[] = [
    { title: 'model' },
    ...[...names, ...(names.length > 1 ? ['mean'] : [])].map((title): Column => ({ title, align: 'right' })),
  ];
  const cells = rows.map(({ name, scores }) => [
    name,
    ...names.map((dataset) => percent(scores.datasets[dataset]?.score)),
    ...(names.length > 1 ? [percent(scores.mean)] : []),
  ]);
  const examples = names.map((name) => `${name} ${datasets[name]?.examples ?? 0}`).join(', ');
  return [`${metric} in percent (${task})`, '', renderTable(columns, cells), '', `examples: ${examples}`].join('\n');
}

/** `81.64`: a fraction in percent with two digits. */
export function percent(fraction: number | undefined): string {
  return fraction === undefined ? '-' : (100 * fraction).toFixed(2);
}
