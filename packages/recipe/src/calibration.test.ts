import { expect, test } from 'vitest';
import { read, refusal } from '../test/reading.ts';
import { methodNamed, stubRegistry } from '../test/registry.ts';

const head = 'merge_method: linear\n';
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('a model names the data and the file of its statistics', () => {
  const { models } = read(`${head}models:
  - {model: a/b, calibration: {data: money.jsonl, task: text-classification, split: "[:500]", limit: 99, seed: 1, label: intent}}
  - {model: c/d, statistics: https://huggingface.co/ns/m/blob/v2/hubfuse/gram-mask-x.safetensors}
  - e/f
`);
  expect(plain(models[0]?.calibration)).toEqual({
    data: { kind: 'local', path: 'money.jsonl' },
    task: 'text-classification',
    columns: { label: 'intent' },
    ...{ split: '[:500]', limit: 99, seed: 1, path: 'models[0].calibration' },
  });
  expect(plain(models[1]?.statistics)).toEqual({
    ...{ kind: 'hub', type: 'model', repo: 'ns/m', revision: 'v2', path: 'hubfuse/gram-mask-x.safetensors' },
    reference: 'https://huggingface.co/ns/m/blob/v2/hubfuse/gram-mask-x.safetensors',
    place: 'models[1].statistics',
  });
  expect(models[2]).not.toHaveProperty('calibration');
  expect(models[2]).not.toHaveProperty('statistics');
});

test('what the top level says holds for every model that says nothing, with its name filled in', () => {
  const { models } = read(
    `${head}models: [ns/money@v1, ./models/home, {model: ns/office, calibration: own.jsonl}]
calibration: {data: "{name}/calib.jsonl", from: ns/data}
statistics: ~/statistics/{name}.safetensors
`,
    { home: '/home/ada' },
  );
  expect(plain(models.map(({ calibration }) => calibration?.data))).toEqual([
    { kind: 'hub', repo: 'ns/data', path: 'money/calib.jsonl' },
    { kind: 'hub', repo: 'ns/data', path: 'home/calib.jsonl' },
    { kind: 'local', path: 'own.jsonl' },
  ]);
  expect(models.map(({ statistics }) => statistics?.path)).toEqual([
    '/home/ada/statistics/money.safetensors',
    '/home/ada/statistics/home.safetensors',
    '/home/ada/statistics/office.safetensors',
  ]);
});

test.each([
  ['no data', 'calibration: {limit: 5}', 'missing-key', 'calibration', 'data'],
  ['an unknown key', 'calibration: {data: x.jsonl, slit: "[:5]"}', 'unknown-key', 'calibration.slit', 'split'],
  ['no row', 'calibration: {data: x.jsonl, limit: 0}', 'out-of-range|wrong-type', 'calibration.limit', 'from 1'],
  ['a task that there is not', 'calibration: {data: x.jsonl, task: singing}', 'unknown-value', 'calibration.task', ''],
  [
    'a whole dataset',
    'calibration: https://huggingface.co/datasets/ns/data',
    'bad-reference',
    'calibration',
    'no file',
  ],
  ['a list', 'statistics: [a, b]', 'wrong-type', 'statistics', 'statistics file'],
  ['a whole repository', 'statistics: hf://ns/model', 'bad-reference', 'statistics', 'no file'],
])('%s is refused once, where it stands', (_what, text, code, path, words) => {
  const error = refusal(`${head}models: [a/b, c/d]\n${text}\n`);
  expect(error.code).toMatch(new RegExp(`^recipe/(${code})$`));
  expect(error.place?.path).toBe(path);
  expect(error.message).toContain(words);
  expect(error.findings).toHaveLength(1);
});

test('data for statistics that the method does not read is warned of once, where it stands', () => {
  const models = 'models: [{model: a/b, statistics: s.safetensors}, c/d]\ncalibration: x.jsonl\n';
  const { warnings } = read(`merge_method: linear\n${models}`);
  expect(warnings.map(({ path }) => path)).toEqual(['calibration', 'models[0].statistics']);
  expect(warnings[0]?.message).toContain('linear reads no statistics');
  const registry = stubRegistry();
  const statistics = () => ({ kind: 'gram' as const, variant: 'mask' });
  registry.register({ ...methodNamed('linear'), name: 'regmean', statistics });
  expect(read(`merge_method: regmean\n${models}`, { registry }).warnings).toEqual([]);
});
