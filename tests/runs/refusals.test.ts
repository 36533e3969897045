import { existsSync } from 'node:fs';
import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importFolder } from '@hubfuse/hub-server';
import { readRun } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { exampleRecipe } from './example-run.ts';
import { Bench } from './harness.ts';

const ZOO = fileURLToPath(new URL('../../examples/intents-tiny/', import.meta.url));

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(() => hub.close());

/** Nothing was downloaded and nothing stands where the model should. */
async function expectUntouched(bench: Bench): Promise<void> {
  expect(existsSync(bench.out)).toBe(false);
  const cached = await readdir(join(bench.folder, 'cache'), { recursive: true }).catch(() => []);
  expect(cached.filter((path) => path.endsWith('model.safetensors'))).toEqual([]);
}

test('a missing base is proposed from the cards of the models', async () => {
  const bench = await Bench.open(hub, 'no-base');
  const recipe = exampleRecipe({ method: 'ties', evaluate: false }).replace(/base_model.*\n/, '');
  await expect(bench.run(recipe)).rejects.toMatchObject({
    code: 'recipe/base-missing',
    hint: expect.stringContaining('base_model: hubfuse-examples/intents-base'),
  });
  await expectUntouched(bench);
});

test("an output folder with somebody's files is refused before any download", async () => {
  const bench = await Bench.open(hub, 'taken');
  await bench.write({ 'merged/thesis.txt': 'precious' });
  await expect(bench.run(exampleRecipe({ evaluate: false }))).rejects.toMatchObject({
    code: 'run/out-not-ours',
    where: bench.out,
  });
  expect(await readdir(bench.out)).toEqual(['thesis.txt']);
});

test('publishing without a token is refused before any download', async () => {
  const bench = await Bench.open(hub, 'no-token');
  const recipe = exampleRecipe({ evaluate: false, publish: 'publish: {hub: {repo: you/merged}}' });
  await expect(bench.run(recipe, { token: undefined })).rejects.toMatchObject({ code: 'hub/no-token' });
  await expectUntouched(bench);
});

test('publishing with a token that may only read is refused before any download', async () => {
  const guarded = await startExampleHub({ tokens: { hf_reader: { name: 'you', role: 'read' } } });
  try {
    const bench = await Bench.open(guarded, 'read-only');
    const recipe = exampleRecipe({ evaluate: false, publish: 'publish: {hub: {repo: you/merged}}' });
    await expect(bench.run(recipe, { token: 'hf_reader' })).rejects.toMatchObject({
      code: 'hub/forbidden',
      message: expect.stringContaining('may only read, and publishing to you/merged writes'),
    });
    await expectUntouched(bench);
  } finally {
    await guarded.close();
  }
});

test('publishing to a namespace where the account can make no repository is refused before any download', async () => {
  const guarded = await startExampleHub({ tokens: { hf_writer: { name: 'ana', orgs: ['lab'] } } });
  try {
    const bench = await Bench.open(guarded, 'foreign');
    const recipe = exampleRecipe({ evaluate: false, publish: 'publish: {hub: {repo: you/merged}}' });
    await expect(bench.run(recipe, { token: 'hf_writer' })).rejects.toMatchObject({
      code: 'hub/forbidden',
      message: expect.stringMatching(/no repository you\/merged, and the account ana .* the namespace you\b/),
      hint: expect.stringContaining('ana, lab'),
    });
    await expectUntouched(bench);
  } finally {
    await guarded.close();
  }
});

test('too little memory for the merge is refused before any download', async () => {
  const bench = await Bench.open(hub, 'memory');
  await expect(bench.run(exampleRecipe({ evaluate: false }), { memory: 1 << 20 })).rejects.toMatchObject({
    code: 'merge/memory-too-small',
    where: '--memory',
  });
  await expectUntouched(bench);
});

test('data that is all out of the domain has no mean and is refused with the recipe', async () => {
  const bench = await Bench.open(hub, 'no-domain');
  const recipe = exampleRecipe().replaceAll(/\{(name: \w+, from)/g, '{domain: out, $1');
  expect(() => bench.parse(recipe)).toThrow('every dataset is out of the domain');
});

test('a data file that does not exist is an error that names it and what there is', async () => {
  const bench = await Bench.open(hub, 'no-data');
  await expect(bench.run(exampleRecipe().replace('money/dev.jsonl', 'money/dve.jsonl'))).rejects.toMatchObject({
    code: 'evaluate/no-such-file',
    where: 'evaluate.datasets[0].dev',
    message: expect.stringContaining('money/dve.jsonl'),
  });
  await expectUntouched(bench);
});

test.each([
  ['no examples', '', 'evaluate/no-examples'],
  ['no column of that name', '{"txt": "a", "label": "b"}\n', 'evaluate/no-column'],
])('local data with %s is refused before any download', async (name, content, code) => {
  const bench = await Bench.open(hub, code.replace('/', '-'));
  await bench.write({ 'dev.jsonl': content });
  const evaluate = 'evaluate: {task: text-classification, datasets: [{name: money, dev: dev.jsonl}]}';
  const failed = bench.run(exampleRecipe({ evaluate: false, more: evaluate }));
  await expect(failed, name).rejects.toMatchObject({ code, where: join(bench.folder, 'dev.jsonl') });
  await expectUntouched(bench);
});

test('a model that only has pickled weights is refused at its place in the recipe', async () => {
  const bench = await Bench.open(hub, 'pickled');
  await cp(join(ZOO, 'money'), join(bench.folder, 'pickled'), { recursive: true });
  await rm(join(bench.folder, 'pickled', 'model.safetensors'));
  await bench.write({ 'pickled/pytorch_model.bin': 'pickle' });
  await importFolder({ root: hub.folder, repo: 'you/pickled', folder: join(bench.folder, 'pickled') });
  const recipe = exampleRecipe({ evaluate: false }).replace('hubfuse-examples/intents-home', 'you/pickled');
  await expect(bench.run(recipe)).rejects.toMatchObject({
    code: 'hub/pickle-only',
    message: expect.stringContaining('models[1]'),
  });
  await expectUntouched(bench);
});

test('a model that does not exist fails the run, and the stored error says which', async () => {
  const bench = await Bench.open(hub, 'absent-model');
  const id = await bench.create(exampleRecipe({ evaluate: false }).replace('intents-home', 'intents-hmoe'));
  await expect(bench.execute(id)).rejects.toMatchObject({ code: 'hub/repo-not-found' });
  const { state } = await readRun({ store: bench.store, runId: id });
  expect(state).toMatchObject({ status: 'failed', error: { code: 'hub/repo-not-found' } });
  expect(JSON.stringify(state.error)).toContain('intents-hmoe');
});
