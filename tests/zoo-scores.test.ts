import { join } from 'node:path';
import { type Dataset, loadDataset, openScorer, registerEvaluation, type Scorer } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import { Registry } from '@hubfuse/plugin';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environment } from './environment.ts';
import { RowScores } from './zoo/row-scores.ts';
import { pendingName, ROW_KINDS } from './zoo/rows.ts';
import { absentModels, findZoos, SPLITS, type Split, type Zoo } from './zoo/zoo.ts';

/** Scores are fractions: a tenth of a point. */
const TOLERANCE = 0.001;
const ROW_TIMEOUT_MS = 600_000;

const { zoos, pending, where } = findZoos();

if (zoos.length === 0) test.skip(`no zoo at ${where}: set HUBFUSE_ZOO to a folder of zoos`, () => {});
for (const name of pending) test.skip(`zoo ${name}: pending, no task for its data`, () => {});

describe.each(zoos)('zoo $name', (zoo) => {
  const registry = new Registry();
  let scorer: Scorer;
  let scores: RowScores;

  beforeAll(async () => {
    await registerArchitectures(registry);
    await registerEvaluation(registry);
    scorer = openScorer({ registry, workers: 2 });
    const datasets = { dev: await load(zoo, 'dev', registry), test: await load(zoo, 'test', registry) };
    scores = new RowScores({ zoo, scorer, datasets });
  });
  afterAll(() => scorer.close());

  const waiting = new Map<string, number>();
  const merged = new Set<string>();
  let others = 0;
  for (const row of zoo.rows) {
    const make = ROW_KINDS.map((kind) => kind(row.what, zoo)).find((maker) => maker !== undefined);
    if (make === undefined) {
      waiting.set(pendingName(row.what), (waiting.get(pendingName(row.what)) ?? 0) + 1);
      continue;
    }
    const absent = absentModels(zoo, row.what);
    if (absent.length > 0) {
      test.skip(`${row.name}: absent from this zoo: ${absent.join(', ')}`, () => {});
      continue;
    }
    const method = row.what.merge_method;
    if (environment.soak === undefined && method !== undefined && merged.has(method)) {
      others++;
      continue;
    }
    if (method !== undefined) merged.add(method);
    test(
      `${row.name} scores what PyTorch scores`,
      async () => {
        const { model, dispose } = await make();
        try {
          for (const split of scored) {
            const { datasets } = await scores.score(row.what, model, split);
            for (const [name, { score, examples }] of Object.entries(datasets)) {
              const tolerance = Math.max(TOLERANCE, 1 / examples);
              const difference = Math.abs(score - (row.expected[split][name] ?? Number.NaN));
              expect(difference, `${split} of ${name}: ${score}`).toBeLessThanOrEqual(tolerance + 1e-9);
            }
          }
        } finally {
          await dispose?.();
        }
      },
      ROW_TIMEOUT_MS,
    );
  }
  if (others > 0) test.skip(`${others} rows of the same methods by other coefficients: npm run soak -- slow`, () => {});
  for (const [method, rows] of waiting) test.skip(`${rows} rows pending: ${method}`, () => {});
});

/**
 * The splits that a row is scored on. Models answer alike whatever the examples are for, so that the development data adds
 * minutes and hardly any doubt: `npm run soak` scores it.
 */
const scored: readonly Split[] = environment.soak === undefined ? ['test'] : SPLITS;

function load(zoo: Zoo, split: Split, registry: Registry): Promise<Dataset[]> {
  return Promise.all(
    zoo.datasets.map(({ name, domain }) =>
      loadDataset({
        name,
        source: { path: join(zoo.folder, 'data', `${name}.${split}.jsonl`) },
        task: zoo.task,
        domain,
        registry,
      }),
    ),
  );
}
