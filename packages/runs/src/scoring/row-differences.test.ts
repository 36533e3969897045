import { packAnswers, registerEvaluation } from '@hubfuse/evaluate';
import { type Metric, Registry } from '@hubfuse/plugin';
import { parseGate } from '@hubfuse/recipe';
import { beforeAll, expect, test } from 'vitest';
import type { ScoreRole, ScoreRow, ScoreTable } from '../report.ts';
import { RowAnswers } from './row-answers.ts';
import { withDifferences } from './row-differences.ts';

const DATASETS = ['money', 'home'] as const;
const EXAMPLES = 100;

let metric: Metric;
beforeAll(async () => {
  const registry = new Registry();
  await registerEvaluation(registry);
  metric = registry.get('metric', 'accuracy');
});

/** A row that is right on the first so many of a hundred examples of each dataset. */
async function addRow(
  answers: RowAnswers,
  { name, role, right }: { name: string; role: ScoreRole; right: readonly [money: number, home: number] },
): Promise<ScoreRow> {
  const scores = Object.fromEntries(DATASETS.map((dataset, at) => [dataset, (right[at] ?? 0) / EXAMPLES]));
  const said = (rights: number) =>
    packAnswers(
      Array.from({ length: EXAMPLES }, (_, example) => ({ prediction: example < rights ? 'a' : 'b', reference: 'a' })),
    );
  return await answers.record(
    () => {},
    async (onScored) => {
      const dev = { datasets: scores, mean: (right[0] + right[1]) / 2 / EXAMPLES };
      const detail = { scores: dev, examples: {}, details: {}, cached: false, warnings: [] };
      const told = Object.fromEntries(DATASETS.map((dataset, at) => [dataset, said(right[at] ?? 0)]));
      await onScored({ name, split: 'dev', scores: { ...detail, answers: told } });
      return { name, role, dev };
    },
  );
}

async function differences(gate: string, rows: readonly Parameters<typeof addRow>[1][]) {
  const answers = new RowAnswers();
  const added: ScoreRow[] = [];
  for (const row of rows) added.push(await addRow(answers, row));
  const table: ScoreTable = {
    task: 'text-classification',
    metric: 'accuracy',
    datasets: DATASETS.map((name) => ({ name, domain: 'in', examples: { dev: EXAMPLES } })),
    rows: added,
  };
  const signal = new AbortController().signal;
  return await withDifferences({ table, answers, metric, gate: parseGate(gate, DATASETS), signal });
}

const ROWS = [
  { name: 'merge', role: 'merged', right: [80, 80] },
  { name: 'ns/money', role: 'parent', right: [90, 20] },
  { name: 'ns/home', role: 'parent', right: [30, 85] },
  { name: 'ns/base', role: 'base', right: [10, 10] },
] as const;

test('every other row says by how much the merged model is ahead of its mean', async () => {
  const { table } = await differences('mean > 0', ROWS);
  expect(table.rows.map(({ difference }) => difference?.dev?.value)).toEqual([
    undefined,
    expect.closeTo(0.25, 12),
    expect.closeTo(0.225, 12),
    expect.closeTo(0.7, 12),
  ]);
  expect(table.rows[1]?.difference?.test).toBeUndefined();
});

test('a gate gets what it compares; a dataset is compared on itself, with the parent that is best there', async () => {
  const gate = 'better(mean, best_parent) and better(money, best_parent) and better(best_parent, home) and mean > base';
  const { differences: found } = await differences(gate, ROWS);
  expect(found).toMatchObject([
    { left: 'mean', right: 'best_parent', scores: { left: 0.8, right: 0.575 } },
    { left: 'money', right: 'best_parent', scores: { left: 0.8, right: 0.9 } },
    { left: 'best_parent', right: 'home', scores: { left: 0.85, right: 0.8 } },
    { left: 'mean', right: 'base', scores: { left: 0.8, right: 0.1 } },
  ]);
  for (const { value, scores, low, high } of found) {
    expect(value).toBeCloseTo(scores.left - scores.right, 12);
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
  }
});

test('what is not published yet has no difference', async () => {
  expect((await differences('better(mean, published)', ROWS)).differences).toEqual([]);
});
