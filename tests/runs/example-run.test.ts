import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fetchModel, openDataset, openModel, parseManifest } from '@hubfuse/hub';
import type { RunReport } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { exampleRecipe, executeExample, outOf, type RunOutcome } from './example-run.ts';

const PUBLISH = `publish:
  hub: {repo: you/intents-merged}
  if: mean > best_parent and mean > base - 0.5 and mean >= average - 0.5 and mean > published`;
const NAME = 'whole';
/** Examples of each dataset. */
const SCORED = 20;

let hub: ExampleHub;
let outcome: RunOutcome;
let report: RunReport;
beforeAll(async () => {
  hub = await startExampleHub();
  outcome = await executeExample({ hub, name: NAME, recipe: exampleRecipe({ evaluate: SCORED, publish: PUBLISH }) });
  if (outcome.report === undefined) throw new Error(`the run failed: ${JSON.stringify(outcome.error)}`);
  report = outcome.report;
});
afterAll(() => hub.close());

const options = () => ({ hubUrl: hub.url, cacheDir: join(hub.work, 'reader'), token: 'hf_you' });
const readOut = (path: string) => readFile(join(outOf(hub, NAME), path));

test('the output is a Hub folder with weights, config, tokenizer, graph, card and manifest at its root', async () => {
  const files = (await readdir(outOf(hub, NAME), { recursive: true })).sort();
  expect(files).toEqual([
    'README.md',
    'config.json',
    'hubfuse.json',
    'model.safetensors',
    'onnx',
    'onnx/model.onnx',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
  expect(await readdir(dirname(outOf(hub, NAME)))).not.toContainEqual(expect.stringMatching(/^\.merged/));
});

test('what stands on the Hub is what stands in the folder, byte for byte', async () => {
  expect(report.published).toEqual([
    expect.objectContaining({ publisher: 'hub', url: `${hub.url}/you/intents-merged`, already: false, as: 'commit' }),
  ]);
  const published = await openModel({ kind: 'hub', repo: 'you/intents-merged' }, options());
  expect(published.revision).toBe(report.published[0]?.revision);
  const fetched = await fetchModel(published, options());
  for (const { path, sha256 } of report.files) {
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect((await readFile(join(fetched, path))).equals(await readOut(path)), path).toBe(true);
  }
});

test('the manifest names every input at the commit that was merged, and the data', async () => {
  const manifest = parseManifest((await readOut('hubfuse.json')).toString(), 'hubfuse.json');
  expect(manifest.inputs.map(({ role, name }) => [role, name])).toEqual([
    ['base', 'hubfuse-examples/intents-base'],
    ...['money', 'home', 'travel', 'office'].map((name) => ['model', `hubfuse-examples/intents-${name}`]),
  ]);
  for (const { name, revision } of manifest.inputs) {
    expect(revision).toBe((await openModel({ kind: 'hub', repo: name }, options())).revision);
  }
  const data = await openDataset({ kind: 'hub', repo: 'hubfuse-examples/clinc150' }, options());
  expect(new Set(manifest.datasets.map(({ revision }) => revision))).toEqual(new Set([data.revision]));
  expect(manifest.outputs).toEqual(report.files);
});

test('scores stand beside parents, base, average and ensemble, on development and test data', () => {
  const rows = report.scores?.rows ?? [];
  expect(rows.map(({ role }) => role)).toEqual([
    'merged',
    ...['parent', 'parent', 'parent', 'parent'],
    'base',
    ...['ensemble', 'ensemble'],
    'average',
  ]);
  expect(rows.filter(({ role }) => role === 'ensemble').map(({ name }) => name)).toEqual([
    'ensemble',
    'ensemble, majority',
  ]);
  for (const { name, dev, test: held } of rows) {
    for (const scores of [dev, held]) {
      const values = Object.values(scores?.datasets ?? {});
      expect(values, name).toHaveLength(4);
      expect(scores?.mean, name).toBeCloseTo(values.reduce((a, b) => a + b, 0) / 4, 12);
    }
  }
  expect(report.scores?.environment?.provider).toBe('cpu');
  expect(report.gate?.met).toBe(true);
  expect(report.gate?.explanation).toContain('best_parent');
});

test('the card shows the table and where everything came from', async () => {
  const card = (await readOut('README.md')).toString();
  expect(card).toContain('base_model_relation: merge');
  expect(card).toContain('hubfuse-examples/intents-money');
  expect(card).toContain('ensemble');
});

test('the published id loads in unmodified transformers.js and scores what the report says', async () => {
  const source = await openDataset({ kind: 'hub', repo: 'hubfuse-examples/clinc150' }, options());
  const lines = new TextDecoder()
    .decode(await source.read('money/dev.jsonl'))
    .split('\n')
    .slice(0, SCORED);
  const examples = lines.map((line) => JSON.parse(line) as { text: string; label: string });
  const script = fileURLToPath(new URL('load-published.mjs', import.meta.url));
  const texts = JSON.stringify(examples.map(({ text }) => text));
  const given = [script, hub.url, 'you/intents-merged', join(hub.work, 'transformers-js'), texts];
  const { stdout } = await promisify(execFile)(process.execPath, given, { timeout: 50_000 });
  const answers = JSON.parse(stdout) as { label: string }[];
  const right = examples.filter(({ label }, index) => answers[index]?.label === label).length;
  expect(right / SCORED).toBe(report.scores?.rows[0]?.dev?.datasets.money);
  expect(right).toBeGreaterThan(0);
});

test('no event, state or plan holds the token', async () => {
  const store = join(hub.work, NAME, 'store');
  for (const entry of await readdir(store, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    expect(await readFile(join(entry.parentPath, entry.name), 'utf8'), entry.name).not.toContain('hf_you');
  }
});

test('doing it again scores nothing twice, makes the same bytes and recognises the publication', async () => {
  const again = await executeExample({
    hub,
    name: NAME,
    recipe: exampleRecipe({ evaluate: SCORED, publish: PUBLISH }),
  });
  expect(again.report?.run).toBe(`${report.run}-2`);
  // What the target holds now is this very model: not better than itself.
  expect(again.report?.gate?.met).toBe(false);
  expect(again.report?.published).toEqual([]);
  expect(again.report?.files).toEqual(report.files);
  const scored = again.events.filter((event) => event.type === 'scored');
  expect(scored.filter(({ name }) => name !== 'you/intents-merged').every(({ cached }) => cached)).toBe(true);
  const published = again.report?.scores?.rows.find(({ role }) => role === 'published');
  expect(published?.dev).toEqual(report.scores?.rows[0]?.dev);
});
