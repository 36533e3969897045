import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type ExampleHub, startExampleHub } from './support/example-hub.ts';
import { type HubfuseResult, hubfuse } from './support/hubfuse.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

const MODELS = join(import.meta.dirname, '../examples/intents-tiny');
const RECIPE = {
  name: 'extended',
  merge_method: 'first',
  models: ['money', 'home'],
  evaluate: { task: 'intents', datasets: [{ name: 'money', dev: 'money.bars' }] },
  publish: { copy: { to: 'published' } },
};

let hub: ExampleHub;
let directory: string;
let merged: HubfuseResult;

const run = (argv: string[]) => hubfuse(argv, { directory, variables: hub.variables });

/** One run whose every part comes from the plugin. */
beforeAll(async () => {
  hub = await startExampleHub();
  directory = join(hub.work, 'project');
  await mkdir(directory);
  const plugin = join(import.meta.dirname, 'support/extensions-plugin.mjs');
  await writeFile(join(directory, 'hubfuse.config.json'), JSON.stringify({ plugins: [plugin], store: 'there:kept' }));
  await writeFile(join(directory, 'recipe.json'), JSON.stringify(RECIPE));
  await writeFile(join(directory, 'money.bars'), 'transfer ten dollars to my savings|transfer\n');
  for (const name of RECIPE.models) await cp(join(MODELS, name), join(directory, name), { recursive: true });
  merged = await run(['merge', 'recipe.json', '--out', 'merged', '--launcher', 'noted', '--json']);
});
afterAll(() => hub.close());

test('a run whose every part comes from a plugin goes through', () => {
  expect(merged.code, merged.stderr + merged.stdout).toBe(0);
});

test("a plugin's method is listed, shown and merged with", async () => {
  const listed = (await run(['methods', '--json'])).last() as { methods: { name: string }[] };
  expect(listed.methods.map(({ name }) => name)).toContain('first');
  const all = (await run(['methods', '--all', '--json'])).last() as { extensions: { kind: string; name: string }[] };
  const pairs = all.extensions.map(({ kind, name }) => `${kind} ${name}`);
  expect(pairs).toEqual(
    expect.arrayContaining(['method first', 'architecture bert', 'task token-classification', 'publisher hub']),
  );
  expect((await run(['methods', 'first'])).stdout).toContain('Takes the first model as it is.');
  const weights = (folder: string) => readFile(join(directory, folder, 'model.safetensors'));
  expect((await weights('merged')).subarray(-4096).equals((await weights('money')).subarray(-4096))).toBe(true);
});

test("a plugin's task, metric and reader score, by the names that the recipe gives", () => {
  expect(merged.last()).toMatchObject({
    scores: { task: 'intents', metric: 'share', datasets: [{ name: 'money', examples: { dev: 1 } }] },
  });
});

test("a plugin's method, task, metric, reader and publisher are part of the recipe's schema", async () => {
  const { schema } = (await run(['schema', '--json'])).last();
  expect(schema).toMatchObject({
    oneOf: expect.arrayContaining([expect.objectContaining({ title: 'The first model' })]),
    definitions: {
      evaluate: {
        properties: {
          task: { enum: expect.arrayContaining(['intents']) },
          metric: { enum: expect.arrayContaining(['share']) },
          datasets: { items: { properties: { format: { enum: expect.arrayContaining(['bars']) } } } },
        },
      },
      publish: { properties: { copy: { required: ['to'] } } },
    },
  });
});

test("a plugin's publisher gets the folder, its target and its manifest", async () => {
  const { published } = merged.last() as { published: { publisher: string; revision: string }[] };
  expect(published).toMatchObject([{ publisher: 'copy', already: false }]);
  expect(published[0]?.revision).toMatch(/^first-[0-9a-f]{64}$/);
  expect(await readdir(join(directory, 'published'))).toEqual(
    expect.arrayContaining(['README.md', 'hubfuse.json', 'model.safetensors']),
  );
});

test("a plugin's publisher refuses its target before anything is merged", async () => {
  await writeFile(join(directory, 'wrong.json'), JSON.stringify({ ...RECIPE, publish: { copy: { from: 'x' } } }));
  const refused = await run(['merge', 'wrong.json', '--out', 'refused', '--json']);
  expect(refused.last()).toMatchObject({ event: 'error', code: 'copy/no-folder' });
  expect(await readdir(directory)).not.toContain('refused');
});

test("a plugin's launcher starts the run", async () => {
  expect(await readFile(join(directory, 'launched'), 'utf8')).toBe(`${String(merged.last().run)}\n`);
});

test("a plugin's store keeps the runs", async () => {
  expect(await readdir(join(directory, 'kept', 'runs'))).toContain(String(merged.last().run));
});

test("a plugin's architecture gives a model of a type that only it knows its graph", async () => {
  for (const name of RECIPE.models) {
    const folder = join(directory, `tenth-${name}`);
    await cp(join(MODELS, name), folder, { recursive: true });
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, model_type: 'tenth-bert' }));
  }
  const result = await run(['merge', 'tenth-money', 'tenth-home', '--method', 'first', '--out', 'tenth', '--json']);
  expect(result.code, result.stderr + result.stdout).toBe(0);
  expect(result.last()).toMatchObject({ warnings: [] });
  expect(await readdir(join(directory, 'tenth', 'onnx'))).toContain('model.onnx');
});
