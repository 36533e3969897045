import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { registerEvaluation } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import { openStore, registerStores } from '@hubfuse/objects';
import { Registry } from '@hubfuse/plugin';
import type { EvaluateSection } from '@hubfuse/recipe';
import { afterAll, expect, test } from 'vitest';
import type { ScoreRow } from '../report.ts';
import type { PinnedData } from '../run-plan.ts';
import { ModelScorer } from './score-models.ts';
import { scoreRow } from './score-rows.ts';
import { scoringData } from './scoring-data.ts';

const zoo = (path: string): string =>
  fileURLToPath(new URL(`../../../../examples/intents-tiny/${path}`, import.meta.url));
const MODEL = { name: 'ns/money', input: { folder: zoo('money'), name: 'ns/money' }, identity: 'money' };

const folder = await mkdtemp(join(tmpdir(), 'hubfuse-rows-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const cats = join(folder, 'cats.jsonl');
await writeFile(cats, '{"text": "it purrs", "label": "cat"}\n{"text": "it barks", "label": "dog"}\n');

/** The row of a parent beside data of which `money` is the only one that it was made for. */
async function parentRow(files: readonly (readonly [string, 'dev' | 'test', string])[]): Promise<ScoreRow> {
  const registry = new Registry();
  await registerStores(registry);
  await registerArchitectures(registry);
  await registerEvaluation(registry);
  const evaluate: EvaluateSection = {
    task: 'text-classification',
    keepExamples: false,
    limit: 20,
    datasets: ['cats', 'money'].map((name) => ({ name, domain: 'in', columns: {}, path: name })),
  };
  const data = await scoringData({
    evaluate,
    data: files.map(([dataset, split]): PinnedData => ({ dataset, split, kind: 'local', path: dataset })),
    paths: files.map(([, , path]) => path),
    registry,
  });
  const store = await openStore(`memory:${files.join()}`, registry);
  const scorer = new ModelScorer({ store, registry, evaluate, data, workers: 1 });
  try {
    return await scoreRow({ scorer, model: MODEL, role: 'parent' });
  } finally {
    await scorer.close();
  }
}

test('a parent that knows no label of a dataset scores 0 there on either split', async () => {
  const row = await parentRow([
    ['cats', 'dev', cats],
    ['cats', 'test', cats],
    ['money', 'dev', zoo('data/money.dev.jsonl')],
  ]);
  expect(row.dev?.datasets.cats).toBe(0);
  expect(row.dev?.datasets.money).toBeGreaterThan(0);
  expect(row.test).toEqual({ datasets: { cats: 0 }, mean: 0 });
});

test('a parent that knows no label of any dataset is refused by name', async () => {
  const nowhere = parentRow([
    ['cats', 'dev', cats],
    ['cats', 'test', cats],
  ]);
  await expect(nowhere).rejects.toThrow(/ns\/money knows none of the labels of "cats"/);
});
