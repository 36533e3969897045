import { describe, expect, test } from 'vitest';
import { read, refusal } from '../test/reading.ts';
import { stubRegistry } from '../test/registry.ts';

const head = 'merge_method: linear\nmodels: [a/b, c/d]\n';
const evaluate = (datasets: string, more = '') =>
  `${head}evaluate: {task: text-classification, datasets: ${datasets}${more}}\n`;
const scored = `${head}evaluate:\n  task: text-classification\n  datasets: [{name: x, dev: x.jsonl}, {name: my-data, test: y.jsonl}]\n`;

describe('evaluate', () => {
  test('files come from the working directory, a repository, a folder, or an address', () => {
    const recipe = read(
      evaluate(`[
        {name: a, dev: data/a.jsonl, test: /abs/a.jsonl},
        {name: b, from: ns/data@v2, dev: dev.jsonl, calib: x/calib.jsonl},
        {name: c, from: https://huggingface.co/datasets/ns/data/tree/main/home, test: test.csv},
        {name: d, from: ./mine, test: d.csv},
        {name: e, test: https://huggingface.co/datasets/ns/data/resolve/main/e/test.csv},
        {name: f, test: ~/f.csv, domain: out}]`),
      { home: '/home/ada' },
    );
    const files = recipe.evaluate?.datasets.map(({ dev, test, calib }) => ({ dev, test, calib }));
    expect(JSON.parse(JSON.stringify(files))).toEqual([
      { dev: { kind: 'local', path: 'data/a.jsonl' }, test: { kind: 'local', path: '/abs/a.jsonl' } },
      {
        dev: { kind: 'hub', repo: 'ns/data', revision: 'v2', path: 'dev.jsonl' },
        calib: { kind: 'hub', repo: 'ns/data', revision: 'v2', path: 'x/calib.jsonl' },
      },
      { test: { kind: 'hub', repo: 'ns/data', revision: 'main', path: 'home/test.csv' } },
      { test: { kind: 'local', path: 'mine/d.csv' } },
      { test: { kind: 'hub', repo: 'ns/data', revision: 'main', path: 'e/test.csv' } },
      { test: { kind: 'local', path: '/home/ada/f.csv' } },
    ]);
    expect(recipe.evaluate?.datasets.map(({ domain }) => domain)).toEqual(['in', 'in', 'in', 'in', 'in', 'out']);
  });

  test('options, columns and the rest of an entry', () => {
    const entry = '{name: a, dev: a.txt, label: intent, format: jsonl, split: "[:5]", limit: 9, seed: 1, head: h}';
    const more =
      ', batch_tokens: 512, max_length: 64, limit: 100, keep_examples: yes, device: webgpu, metric: macro_f1';
    const section = read(evaluate(`[${entry}]`, more)).evaluate;
    expect(section).toMatchObject({
      metric: 'macro_f1',
      batchTokens: 512,
      maxLength: 64,
      limit: 100,
      keepExamples: true,
      device: 'webgpu',
      datasets: [{ columns: { label: 'intent' }, format: 'jsonl', split: '[:5]', limit: 9, seed: 1, head: 'h' }],
    });
  });

  test.each<[name: string, text: string, code: string, path: string, mention: string]>([
    [
      'no dataset that a mean is taken over',
      evaluate('[{name: a, dev: a.csv, domain: out}]'),
      'no-domain',
      'evaluate.datasets',
      'there is no mean',
    ],
    ['no task', `${head}evaluate: {datasets: [{name: a, dev: a.csv}]}`, 'missing-key', 'evaluate.task', 'text-class'],
    [
      'an unknown task',
      `${head}evaluate: {task: text-clasification, datasets: [{name: a, dev: a.csv}]}`,
      'unknown-task',
      'evaluate.task',
      'did you mean text-classification?',
    ],
    [
      'an unknown metric',
      evaluate('[{name: a, dev: a.csv}]', ', metric: f1'),
      'unknown-metric',
      'evaluate.metric',
      'accuracy',
    ],
    ['no datasets', evaluate('[]'), 'missing-key', 'evaluate', 'datasets'],
    ['datasets that are no list', evaluate('{name: a}'), 'wrong-type', 'evaluate.datasets', 'a list'],
    [
      'an unknown key',
      evaluate('[{name: a, dev: a.csv, colums: x}]'),
      'unknown-key',
      'evaluate.datasets[0].colums',
      'known',
    ],
    [
      "another task's column",
      evaluate('[{name: a, dev: a.csv, tags: x}]'),
      'unknown-key',
      'evaluate.datasets[0].tags',
      'label',
    ],
    ['no name', evaluate('[{dev: a.csv}]'), 'missing-key', 'evaluate.datasets[0]', 'name'],
    [
      'a name of the gate',
      evaluate('[{name: mean, dev: a.csv}]'),
      'reserved-name',
      'evaluate.datasets[0].name',
      'gate',
    ],
    [
      "a name of JavaScript's own",
      evaluate('[{name: __proto__, dev: a.csv}]'),
      'reserved-name',
      'evaluate.datasets[0].name',
      '__proto__',
    ],
    [
      'a name twice',
      evaluate('[{name: a, dev: a.csv}, {name: a, dev: b.csv}]'),
      'duplicate-name',
      'evaluate.datasets[1]',
      '"a"',
    ],
    ['no file', evaluate('[{name: a}]'), 'missing-key', 'evaluate.datasets[0]', 'dev'],
    [
      'an unknown format',
      evaluate('[{name: a, dev: a, format: jsnl}]'),
      'unknown-value',
      'evaluate.datasets[0].format',
      'jsonl?',
    ],
    [
      'an unknown domain',
      evaluate('[{name: a, dev: a, domain: inn}]'),
      'unknown-value',
      'evaluate.datasets[0].domain',
      'in',
    ],
    [
      'a limit of zero',
      evaluate('[{name: a, dev: a, limit: 0}]'),
      'wrong-type',
      'evaluate.datasets[0].limit',
      'from 1',
    ],
    [
      'a model as source',
      evaluate('[{name: a, from: hf://ns/x, dev: a}]'),
      'bad-reference',
      'evaluate.datasets[0].from',
      'model',
    ],
    [
      'a way out of the source',
      evaluate('[{name: a, from: ns/x, dev: ../a}]'),
      'bad-reference',
      'evaluate.datasets[0].dev',
      'leaves',
    ],
    [
      'a repository as file',
      evaluate('[{name: a, dev: hf://datasets/ns/x}]'),
      'bad-reference',
      'evaluate.datasets[0].dev',
      'from',
    ],
  ])('%s is refused', (_, text, code, path, mention) => {
    const error = refusal(text);
    expect(error.code).toBe(`recipe/${code}`);
    expect(error.place?.path).toBe(path);
    expect(error.message).toContain(mention);
  });
});

describe('publish', () => {
  test('a repository by mapping, by name alone, or by its address', () => {
    const targets = ['{hub: {repo: you/x, private: on, branch: dev}}', '{hub: you/x}', '{hub: https://hf.co/you/x}'];
    expect(targets.map((target) => read(`${head}publish: ${target}`).publish?.hub)).toEqual([
      { repo: 'you/x', as: 'commit', private: true, branch: 'dev' },
      { repo: 'you/x', as: 'commit', private: false, branch: 'main' },
      { repo: 'you/x', as: 'commit', private: false, branch: 'main' },
    ]);
  });

  test("a plugin's target is handed on as plain data", () => {
    const registry = stubRegistry();
    registry.register({
      kind: 'publisher',
      name: 'ftp',
      publish: async () => ({ url: '', revision: '', already: false }),
    });
    const target = '{host: h, port: 21, tries: [1, "2", off, ~]}';
    expect(read(`${head}publish: {ftp: ${target}}`, { registry }).publish?.others).toEqual({
      ftp: { host: 'h', port: 21, tries: [1, '2', false, null] },
    });
  });

  test.each<[name: string, text: string, code: string, path: string, mention: string]>([
    ['no place', `${head}publish: {}`, 'missing-key', 'publish', 'hub'],
    ['an unknown place', `${head}publish: {hubb: you/x}`, 'unknown-key', 'publish.hubb', 'did you mean hub?'],
    ['no repository', `${head}publish: {hub: {as: commit}}`, 'missing-key', 'publish.hub', 'repo'],
    ['a name without namespace', `${head}publish: {hub: x}`, 'bad-reference', 'publish.hub', '<namespace>/<name>'],
    ['a dataset', `${head}publish: {hub: {repo: datasets/you/x}}`, 'bad-reference', 'publish.hub.repo', 'namespace'],
    ['a revision', `${head}publish: {hub: {repo: you/x@dev}}`, 'bad-reference', 'publish.hub.repo', 'branch'],
    [
      'an unknown way',
      `${head}publish: {hub: {repo: you/x, as: pull-request}}`,
      'unknown-value',
      'publish.hub.as',
      'pull_request?',
    ],
    ['s3 without url', `${head}publish: {s3: {}}`, 'missing-key', 'publish.s3', 'url'],
    ['s3 by parts', `${head}publish: {s3: {bucket: b}}`, 'unknown-key', 'publish.s3.bucket', 'url'],
    ['s3 at another address', `${head}publish: {s3: https://b.s3.aws}`, 'bad-reference', 'publish.s3', 's3://bucket'],
    ['a gate without scores', `${head}publish: {hub: you/x, if: mean > base}`, 'gate', 'publish.if', 'evaluate'],
    ['a gate without base', `${scored}publish: {hub: you/x, if: mean > base}`, 'gate', 'publish.if', 'base_model'],
    [
      'a dataset without development data',
      `${scored}publish: {hub: you/x, if: '"my-data" > 0.5'}`,
      'gate',
      'publish.if',
      'dev',
    ],
    [
      'a mean without development data',
      `${scored}publish: {hub: you/x, if: mean > 0.5}`,
      'gate',
      'publish.if',
      'my-data',
    ],
    ['an unknown name', `${scored}publish: {hub: you/x, if: maen > 0.5}`, 'gate', 'publish.if', 'did you mean mean?'],
    ['a boolean', `${scored}publish: {hub: you/x, if: yes}`, 'gate', 'publish.if', '"yes"'],
  ])('%s is refused', (_, text, code, path, mention) => {
    const error = refusal(text);
    expect(error.code).toBe(`recipe/${code}`);
    expect(error.place?.path).toBe(path);
    expect(error.message).toContain(mention);
  });

  test('an error inside the gate shows its column in the recipe', () => {
    const error = refusal(`${scored}publish:\n  hub: you/x\n  if: x > 0.5 and maen > 1\n`);
    expect(error.place).toEqual({ file: 'recipe.yaml', path: 'publish.if', line: 8, column: 19 });
  });

  test('a gate on datasets alone needs development data of those only', () => {
    expect(read(`${scored}publish: {hub: you/x, if: x > 50%}`).publish?.gate?.names).toEqual(['x']);
  });
});
