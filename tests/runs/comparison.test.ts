import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importFolder } from '@hubfuse/hub-server';
import { compareMethods, reproduce } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { exampleRecipe } from './example-run.ts';
import { Bench } from './harness.ts';

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(() => hub.close());

const domains = ['money', 'home'] as const;
const scored = { evaluate: 12, domains };

test('each method stands in the table with the variant that is best on development data', async () => {
  const bench = await Bench.open(hub, 'compared');
  const recipe = (method: string, more = '') => bench.parse(exampleRecipe({ ...scored, method, more }));
  const lambdas = [0.1, 0.5, 3];
  const { table, choices, best } = await compareMethods({
    candidates: [
      {
        name: 'average',
        variants: [
          {
            label: '',
            recipe: bench.parse(exampleRecipe({ ...scored, method: 'linear' }).replace(/base_model.*\n/, '')),
          },
        ],
      },
      {
        name: 'task arithmetic',
        variants: lambdas.map((lambda) => ({
          label: `lambda ${lambda}`,
          recipe: recipe('task_arithmetic', `parameters: {lambda: ${lambda}}`),
        })),
      },
    ],
    store: bench.store,
    registry: bench.registry,
    hub: bench.hubOptions,
    workspace: join(bench.folder, 'work'),
    workers: 1,
  });
  expect(table.rows.map(({ role }) => role)).toEqual([
    ...['parent', 'parent'],
    'base',
    'ensemble',
    'candidate',
    'candidate',
  ]);
  const arithmetic = choices[1];
  const highest = Math.max(...(arithmetic?.variants.map(({ dev }) => dev) ?? []));
  expect(arithmetic?.row.dev?.mean).toBe(highest);
  expect(arithmetic?.label).toBe(arithmetic?.variants.find(({ dev }) => dev === highest)?.label);
  expect(new Set(arithmetic?.variants.map(({ dev }) => dev)).size).toBeGreaterThan(1);
  for (const { row } of choices) expect(Object.keys(row.test?.datasets ?? {})).toHaveLength(domains.length);
  expect(best.row.dev?.mean).toBe(Math.max(...choices.map(({ row }) => row.dev?.mean ?? 0)));
  expect(await readdir(join(bench.folder, 'work', 'scratch'))).toEqual([]);
});

test('recipes over different models are not compared', async () => {
  const bench = await Bench.open(hub, 'not-compared');
  const first = bench.parse(exampleRecipe());
  const second = bench.parse(exampleRecipe().replace('intents-money', 'intents-nothing'));
  const candidates = [first, second].map((recipe, index) => ({
    name: String(index),
    variants: [{ label: '', recipe }],
  }));
  const { store, registry, hubOptions } = bench;
  await expect(
    compareMethods({ candidates, store, registry, hub: hubOptions, workspace: bench.folder }),
  ).rejects.toMatchObject({ code: 'run/different-inputs', message: expect.stringContaining('intents-nothing') });
});

test('a published model comes out of its manifest again with the same bytes', async () => {
  const bench = await Bench.open(hub, 'reproduced');
  const published = await bench.run(
    exampleRecipe({ domains, evaluate: false, publish: 'publish: {hub: {repo: you/again}}' }),
  );
  const again = () =>
    reproduce({
      reference: { kind: 'hub', repo: 'you/again', reference: 'you/again' },
      registry: bench.registry,
      hub: bench.hubOptions,
      workspace: join(bench.folder, 'work'),
      workers: 1,
    });
  const result = await again();
  expect(result.same).toBe(true);
  expect(result.revision).toBe(published.published[0]?.revision);
  expect(result.files).toEqual([expect.objectContaining({ path: 'model.safetensors', same: true })]);
  expect(await readdir(join(bench.folder, 'work', 'scratch')).catch(() => [])).toEqual([]);
});

test('a manifest that does not tell the truth about the weights is found out', async () => {
  const bench = await Bench.open(hub, 'untrue');
  await bench.run(exampleRecipe({ domains, evaluate: false }));
  const path = join(bench.out, 'hubfuse.json');
  const manifest = JSON.parse(await readFile(path, 'utf8'));
  for (const output of manifest.outputs) if (output.path === 'model.safetensors') output.sha256 = 'a'.repeat(64);
  await writeFile(path, JSON.stringify(manifest));
  const { registry, hubOptions } = bench;
  const result = await reproduce({
    reference: { kind: 'folder', path: bench.out, reference: bench.out },
    ...{ registry, hub: hubOptions, workspace: join(bench.folder, 'work'), workers: 2 },
  });
  expect(result.same).toBe(false);
  expect(result.files[0]).toMatchObject({ published: 'a'.repeat(64), same: false });
});

test('a model that hubfuse did not make cannot be reproduced, and the error says so', async () => {
  const bench = await Bench.open(hub, 'foreign');
  await bench.write({ 'foreign/README.md': '# by hand\n' });
  await importFolder({ root: hub.folder, repo: 'you/foreign', folder: join(bench.folder, 'foreign') });
  const { registry, hubOptions } = bench;
  await expect(
    reproduce({
      reference: { kind: 'hub', repo: 'you/foreign', reference: 'you/foreign' },
      ...{ registry, hub: hubOptions, workspace: bench.folder },
    }),
  ).rejects.toMatchObject({ code: 'run/no-manifest' });
});
