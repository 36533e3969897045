import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importFolder } from '@hubfuse/hub-server';
import { getJson } from '@hubfuse/objects';
import { createRun, type RunReport, readRun } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { exampleRecipe } from './example-run.ts';
import { Bench } from './harness.ts';

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(() => hub.close());

const method = 'task_arithmetic';
const domains = ['money', 'home'] as const;

const isThere = async (repo: string): Promise<boolean> => (await fetch(`${hub.url}/api/models/${repo}`)).ok;

test('a gate that is not met keeps the model in its folder, publishes nothing and shows both sides', async () => {
  const bench = await Bench.open(hub, 'not-met');
  const publish = 'publish: {hub: {repo: you/not-good-enough}, if: mean > 0.99 and money > base}';
  const recipe = exampleRecipe({ method, domains, evaluate: 4, splits: ['dev'], publish });
  const id = await bench.create(recipe.replace('  limit:', '  keep_examples: true\n  limit:'));
  const report = await bench.execute(id);
  expect(report.published).toEqual([]);
  expect(report.gate?.met).toBe(false);
  const [first] = report.gate?.comparisons ?? [];
  expect(first).toMatchObject({ text: 'mean > 0.99', met: false, right: { value: 0.99 } });
  expect(first?.left.value).toBe(report.scores?.rows[0]?.dev?.mean);
  expect(existsSync(join(bench.out, 'model.safetensors'))).toBe(true);
  expect(await isThere('you/not-good-enough')).toBe(false);
  await expectExamples(bench, id, report);
});

test('a target that holds something else than a model counts as holding nothing', async () => {
  const bench = await Bench.open(hub, 'no-model-yet');
  await bench.write({ 'page/README.md': 'soon' });
  await importFolder({ root: hub.folder, repo: 'you/soon', folder: join(bench.folder, 'page') });
  const publish = 'publish: {hub: {repo: you/soon}, if: mean > published}';
  const report = await bench.run(exampleRecipe({ method, domains, evaluate: 4, splits: ['dev'], publish }));
  expect(report.gate?.comparisons[0]).toMatchObject({ met: true, right: { value: null } });
  // Somebody else's page is asked, not written to.
  expect(report.published).toMatchObject([{ as: 'pull_request' }]);
  // What was written down before it is asked stands in its description.
  const { keys } = await bench.store.list(`runs/${report.run}/intents/`);
  const intent = (await getJson<{ intent: string }>(bench.store, keys[0] ?? ''))?.value.intent;
  const discussion = await (await fetch(`${hub.url}/api/models/you/soon/discussions/1`)).text();
  expect(discussion).toContain(`hubfuse-intent: ${intent}`);
  expect(await readFile(join(bench.out, 'README.md'), 'utf8')).toContain(`${hub.url}/hubfuse-examples/intents-base`);
});

test('better is told from chance, and every difference stands with its interval', async () => {
  const bench = await Bench.open(hub, 'better');
  // The task vectors at their full length score well; at a thousandth of it the merge is all but the base.
  const recipe = (lambda: number, gate: string) =>
    exampleRecipe({
      ...{ method, domains, evaluate: 40, splits: ['dev'] },
      more: `parameters: {lambda: ${lambda}}`,
      publish: `publish: {hub: {repo: you/better}, if: "${gate}"}`,
    });
  const first = await bench.run(recipe(0.8, 'better(mean, published) and better(mean, base)'));
  const [published, base] = first.gate?.comparisons ?? [];
  expect(published).toMatchObject({ met: true, operator: 'better', right: { value: null } });
  expect(base?.met).toBe(true);
  const scores = first.scores?.rows ?? [];
  const mean = (role: string) => scores.find((row) => row.role === role)?.dev?.mean ?? Number.NaN;
  expect(base?.difference?.value).toBeCloseTo(mean('merged') - mean('base'), 12);
  expect(base?.difference?.low).toBeGreaterThan(0);
  for (const { role, difference, dev } of scores) {
    if (role === 'merged') expect(difference).toBeUndefined();
    else {
      expect(difference?.dev?.value).toBeCloseTo(mean('merged') - (dev?.mean ?? 0), 12);
      expect(difference?.dev?.low).toBeLessThanOrEqual(difference?.dev?.value ?? Number.NaN);
      expect(difference?.dev?.high).toBeGreaterThanOrEqual(difference?.dev?.value ?? Number.NaN);
    }
  }
  const card = await readFile(join(bench.out, 'README.md'), 'utf8');
  expect(card).toContain('better(mean, published) and better(mean, base)');
  expect(card).toContain('merge ahead by');
  const { gate } = JSON.parse(await readFile(join(bench.out, 'hubfuse.json'), 'utf8')) as { gate: unknown };
  expect(gate).toEqual(first.gate);
  const commits = (await (await fetch(`${hub.url}/api/models/you/better/commits/main`)).json()) as {
    message: string;
  }[];
  expect(commits[0]?.message).toContain(first.gate?.explanation);

  const second = await bench.run(recipe(0.801, 'better(mean, published)'));
  expect(second.published).toEqual([]);
  expect(second.gate).toMatchObject({ met: false, comparisons: [{ operator: 'better', met: false }] });
  expect(second.gate?.explanation).toMatch(/^mean 0\.\d{4} better than published 0\.\d{4} \(difference .*: not met$/);
}, 180_000);

/** The recipe asks for it: what each model said about each example is an artefact. */
async function expectExamples(bench: Bench, runId: string, report: RunReport): Promise<void> {
  const { artefacts } = (await readRun({ store: bench.store, runId })).state;
  const kept = artefacts.filter(({ kind }) => kind === 'object');
  expect(kept).toHaveLength((report.scores?.rows.length ?? 0) * domains.length);
  const merged = kept.find(({ name }) => name === 'examples: example, dev, money');
  type Example = { prediction: string; reference: string };
  const examples = (await getJson<Example[]>(bench.store, merged?.location ?? ''))?.value ?? [];
  expect(examples).toHaveLength(4);
  const right = examples.filter(({ prediction, reference }) => prediction === reference).length;
  expect(right / 4).toBe(report.scores?.rows[0]?.dev?.datasets.money);
}

test("somebody else's repository gets a pull request instead of a commit", async () => {
  const bench = await Bench.open(hub, 'theirs');
  await bench.write({ 'theirs/README.md': '# mine\n' });
  await importFolder({ root: hub.folder, repo: 'you/theirs', folder: join(bench.folder, 'theirs') });
  const report = await bench.run(
    exampleRecipe({ method, domains, evaluate: false, publish: 'publish: {hub: {repo: you/theirs}}' }),
  );
  expect(report.published).toEqual([expect.objectContaining({ as: 'pull_request', already: false })]);
  const readme = await fetch(`${hub.url}/you/theirs/resolve/main/README.md`);
  expect(await readme.text()).toBe('# mine\n');
});

test('an out folder of an earlier run is replaced when the next one is whole', async () => {
  const bench = await Bench.open(hub, 'replaced');
  const first = await bench.run(exampleRecipe({ method, domains, evaluate: false }));
  const second = await bench.run(
    exampleRecipe({ method, domains, evaluate: false, more: 'parameters: {lambda: 0.5}' }),
  );
  expect(second.folder).toBe(first.folder);
  const weights = (files: typeof first.files) => files.find(({ path }) => path === 'model.safetensors')?.sha256;
  expect(weights(second.files)).not.toBe(weights(first.files));
});

test('shards of a chosen size, a seed and a chosen precision go through a run', async () => {
  const bench = await Bench.open(hub, 'options');
  const { id } = await createRun({
    store: bench.store,
    recipe: bench.parse(exampleRecipe({ method, domains, evaluate: false, more: 'out_dtype: float16' })),
    options: { out: bench.out, hubUrl: hub.url, shardSize: 1_000_000, seed: 9 },
  });
  const report = await bench.execute(id);
  const shards = report.files.filter(({ path }) => /^model-\d{5}-of-\d{5}\.safetensors$/.test(path));
  expect(shards.length).toBeGreaterThan(2);
  expect(JSON.parse(await readFile(join(bench.out, 'config.json'), 'utf8')).dtype).toBe('float16');
  const manifest = JSON.parse(await readFile(join(bench.out, 'hubfuse.json'), 'utf8'));
  expect(manifest.settings).toEqual({ seed: 9, shardSize: 1_000_000 });
});
