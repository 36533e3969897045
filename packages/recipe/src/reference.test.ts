import { RecipeError } from '@hubfuse/plugin';
import { describe, expect, test } from 'vitest';
import { parseDatasetReference, parseModelReference, type ReferenceOptions, sameModel } from './reference.ts';

const nothing: ReferenceOptions = { isFolder: () => false, home: '/home/ada' };
const SHA = '0123456789abcdef0123456789abcdef01234567';

function model(text: string, options: ReferenceOptions = {}) {
  const { reference, ...rest } = parseModelReference(text, { ...nothing, ...options });
  expect(reference).toBe(text);
  return rest;
}

function refusal(read: () => unknown): RecipeError {
  try {
    read();
  } catch (error) {
    if (error instanceof RecipeError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a model is anything that a person would paste', () => {
  const hub = (repo: string, revision?: string) => ({
    kind: 'hub',
    repo,
    ...(revision === undefined ? {} : { revision }),
  });
  test.each([
    ['https://huggingface.co/ns/name', hub('ns/name')],
    ['https://huggingface.co/ns/name/', hub('ns/name')],
    ['http://huggingface.co/ns/name', hub('ns/name')],
    ['https://www.huggingface.co/ns/name', hub('ns/name')],
    ['HTTPS://HuggingFace.co/ns/Name', hub('ns/Name')],
    ['https://huggingface.co/ns/name?library=transformers#usage', hub('ns/name')],
    ['https://huggingface.co/ns/name.git', hub('ns/name')],
    ['https://huggingface.co/ns/name/tree/main', hub('ns/name', 'main')],
    [`https://huggingface.co/ns/name/tree/${SHA}`, hub('ns/name', SHA)],
    [`https://huggingface.co/ns/name/commit/${SHA}`, hub('ns/name', SHA)],
    ['https://huggingface.co/ns/name/commits/v1.0', hub('ns/name', 'v1.0')],
    ['https://huggingface.co/ns/name/tree/refs%2Fpr%2F7', hub('ns/name', 'refs/pr/7')],
    ['https://huggingface.co/ns/name/tree/refs/pr/7', hub('ns/name', 'refs/pr/7')],
    ['https://huggingface.co/ns/name/tree/feature%2Fx', hub('ns/name', 'feature/x')],
    ['https://huggingface.co/ns/name/blob/main/README.md', hub('ns/name', 'main')],
    ['https://huggingface.co/ns/name/blob/v2/model.safetensors', hub('ns/name', 'v2')],
    ['https://huggingface.co/ns/name/resolve/main/config.json?download=true', hub('ns/name', 'main')],
    ['https://huggingface.co/ns/name/raw/main/config.json', hub('ns/name', 'main')],
    ['https://huggingface.co/api/models/ns/name', hub('ns/name')],
    ['https://huggingface.co/api/models/ns/name/revision/v2', hub('ns/name', 'v2')],
    ['https://huggingface.co/gpt2', hub('gpt2')],
    ['https://huggingface.co/bert-base-uncased/tree/main', hub('bert-base-uncased', 'main')],
    ['https://huggingface.co/gpt2/blob/main/config.json', hub('gpt2', 'main')],
    ['https://huggingface.co/ns/name@v2', hub('ns/name', 'v2')],
    ['https://hf.co/ns/name', hub('ns/name')],
    ['hf.co/ns/name', hub('ns/name')],
    ['hf.co/ns/name/tree/dev', hub('ns/name', 'dev')],
    ['huggingface.co/ns/name', hub('ns/name')],
    ['huggingface.co/ns/name/blob/main/README.md', hub('ns/name', 'main')],
    ['hf://ns/name', hub('ns/name')],
    ['hf://ns/name@v2', hub('ns/name', 'v2')],
    ['hf://models/ns/name', hub('ns/name')],
    ['hf://gpt2', hub('gpt2')],
    ['hf://gpt2@main', hub('gpt2', 'main')],
    ['hf://ns/name@refs/pr/3', hub('ns/name', 'refs/pr/3')],
    ['hf://ns/name@main/config.json', hub('ns/name', 'main')],
    ['ns/name', hub('ns/name')],
    ['  ns/name ', hub('ns/name')],
    ['ns/name@v2', hub('ns/name', 'v2')],
    ['ns/name@refs/pr/3', hub('ns/name', 'refs/pr/3')],
    ['gpt2', hub('gpt2')],
    ['bert-base-uncased@main', hub('bert-base-uncased', 'main')],
    ['A1.b_c-d/E.f', hub('A1.b_c-d/E.f')],
  ])('%s', (text, wanted) => {
    expect(model(text)).toEqual(wanted);
  });

  test.each([
    ['./merged', './merged'],
    ['../merged', '../merged'],
    ['/data/models/a', '/data/models/a'],
    ['~/models/a', '/home/ada/models/a'],
    ['~', '/home/ada'],
    ['.', '.'],
    ['models/of/mine', 'models/of/mine'],
    ['file:///data/my%20model', '/data/my model'],
    ['C:\\models\\a', 'C:\\models\\a'],
  ])('%s is a folder by its form', (text, path) => {
    expect(model(text)).toEqual({ kind: 'folder', path });
  });

  test('what exists as a folder is a folder, although it looks like an id', () => {
    const isFolder = (path: string) => ['models/a', 'models/a@home', 'models/a+b', 'hf.co/x'].includes(path);
    expect(model('models/a', { isFolder })).toEqual({ kind: 'folder', path: 'models/a' });
    expect(model('models/a@home', { isFolder })).toEqual({ kind: 'folder', path: 'models/a@home' });
    expect(model('models/a+b', { isFolder })).toEqual({ kind: 'folder', path: 'models/a+b' });
    expect(model('hf.co/x', { isFolder })).toEqual({ kind: 'folder', path: 'hf.co/x' });
    expect(model('models/b', { isFolder })).toEqual({ kind: 'hub', repo: 'models/b' });
  });

  test('a revision behind the name of a folder has no effect', () => {
    const isFolder = (path: string) => path === 'models/a';
    expect(model(`models/a@${SHA}`, { isFolder })).toEqual({ kind: 'folder', path: 'models/a' });
  });

  test('folders are looked up on the disk, below the working directory', () => {
    expect(parseModelReference('packages/recipe').kind).toBe('folder');
    expect(parseModelReference('packages/no-such-folder').kind).toBe('hub');
    expect(parseModelReference('package.json').kind).toBe('hub');
    expect(refusal(() => parseModelReference('x'.repeat(3000))).code).toBe('recipe/bad-reference');
  });
});

describe('the address of another Hub stands in for huggingface.co', () => {
  test.each([
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/ns/name/tree/v2'],
    ['http://127.0.0.1:8080/', '127.0.0.1:8080/ns/name/tree/v2'],
    ['http://localhost:8080', 'https://huggingface.co/ns/name/tree/v2'],
    ['https://models.example.org/hub', 'https://models.example.org/hub/ns/name/tree/v2'],
    ['https://models.example.org/hub/', 'hf://ns/name@v2'],
  ])('%s: %s', (hub, text) => {
    expect(model(text, { hub })).toEqual({ kind: 'hub', repo: 'ns/name', revision: 'v2' });
  });

  test('an address of neither is refused, and the message says how to name another Hub', () => {
    const error = refusal(() => model('https://github.com/ns/name'));
    expect(error.code).toBe('recipe/bad-reference');
    expect(error.message).toContain('--hub');
    expect(refusal(() => model('http://localhost:9/ns/name', { hub: 'http://localhost:8' })).hint).toContain(
      'http://localhost:8',
    );
  });
});

describe('what is no model is refused with the reason', () => {
  test.each([
    ['https://huggingface.co/datasets/ns/name', 'dataset'],
    ['https://huggingface.co/spaces/ns/name', 'space'],
    ['https://huggingface.co/api/datasets/ns/name', 'dataset'],
    ['hf.co/datasets/ns/name', 'dataset'],
    ['hf://datasets/ns/name', 'dataset'],
    ['datasets/ns/name', 'dataset'],
    ['spaces/ns/name', 'space'],
    ['https://huggingface.co/', 'no repository'],
    ['https://huggingface.co/docs', 'no repository'],
    ['https://huggingface.co/models?search=bert', 'no repository'],
    ['https://huggingface.co/ns/name/discussions/4', 'refs/pr/'],
    ['https://huggingface.co/ns/name/settings', 'settings'],
    ['https://huggingface.co/ns/na%ZZme', 'percent'],
    ['s3://bucket/model', 's3'],
    ['git@hf.co:ns/name', 'SSH, which is not read\n  write https://huggingface.co/ns/name, or just ns/name'],
    ['git@hf.co:ns/name.git', 'or just ns/name'],
    ['git@host:name', 'SSH'],
    ['ns/name@v1@v2', 'one @'],
    ['https://huggingface.co/ns/name@v1@v2', 'one @'],
    ['ns/name@', '<id>@<revision>'],
    ['@v1', '<id>@<revision>'],
    ['my model', 'neither'],
    ['ns/na--me', 'neither'],
    ['ns/..', 'neither'],
    ['', 'no model'],
    ['a\u0000b', 'no reference'],
    ['ns/name+ns/a+ns/b', '+'],
  ])('%s', (text, mention) => {
    const error = refusal(() => model(text));
    expect(error.code).toBe('recipe/bad-reference');
    expect(error.message).toContain(mention);
  });

  test('an adapter is put off, not misread', () => {
    for (const text of [
      'ns/base+ns/adapter',
      'https://huggingface.co/ns/base+ns/adapter',
      'ns/base@v1+ns/adapter@v2',
    ]) {
      expect(refusal(() => model(text)).code).toBe('recipe/not-yet');
    }
  });

  test('a model in a subfolder is put off: the root would be another model', () => {
    for (const text of ['https://huggingface.co/ns/name/tree/main/sub', 'hf://ns/name@main/onnx/model.onnx']) {
      expect(refusal(() => model(text)).code).toBe('recipe/not-yet');
    }
  });

  test('a token inside an address is never repeated', () => {
    const token = `hf_${'aB3'.repeat(12)}`;
    for (const text of [
      'https://ada:hf_secret@huggingface.co/ns/name',
      `https://hf.co/ns/name?token=${token}`,
      token,
    ]) {
      const error = refusal(() => model(text));
      expect(JSON.stringify([error.message, error.toJSON()])).not.toMatch(/hf_secret|aB3/);
      expect(error.message).toContain('HF_TOKEN');
    }
  });
});

describe('datasets', () => {
  const dataset = (text: string, options: ReferenceOptions = {}) => {
    const { reference: _, ...rest } = parseDatasetReference(text, { ...nothing, ...options });
    return JSON.parse(JSON.stringify(rest));
  };
  test.each([
    ['https://huggingface.co/datasets/ns/name', { repo: 'ns/name' }],
    ['https://huggingface.co/datasets/squad', { repo: 'squad' }],
    ['https://huggingface.co/datasets/ns/name/tree/v2/home', { repo: 'ns/name', revision: 'v2', path: 'home' }],
    [
      'https://huggingface.co/datasets/ns/name/blob/main/home/dev.jsonl',
      { repo: 'ns/name', revision: 'main', path: 'home/dev.jsonl' },
    ],
    [
      'https://huggingface.co/datasets/ns/name/resolve/refs%2Fconvert%2Fparquet/a/b.parquet',
      { repo: 'ns/name', revision: 'refs/convert/parquet', path: 'a/b.parquet' },
    ],
    ['hf://datasets/ns/name@v2/dev.csv', { repo: 'ns/name', revision: 'v2', path: 'dev.csv' }],
    ['datasets/ns/name', { repo: 'ns/name' }],
    ['ns/name', { repo: 'ns/name' }],
    ['ns/name@v2', { repo: 'ns/name', revision: 'v2' }],
    ['squad', { repo: 'squad' }],
  ])('%s', (text, wanted) => {
    expect(dataset(text)).toEqual({ kind: 'hub', ...wanted });
  });

  test('a local folder', () => {
    expect(dataset('./data')).toEqual({ kind: 'folder', path: './data' });
    expect(dataset('data/sets', { isFolder: () => true })).toEqual({ kind: 'folder', path: 'data/sets' });
  });

  test('a model is refused', () => {
    expect(refusal(() => dataset('https://huggingface.co/ns/name')).message).toContain('is a model, not a dataset');
  });
});

test('the same model is recognised in other words', () => {
  const same = (a: string, b: string) => sameModel(parseModelReference(a, nothing), parseModelReference(b, nothing));
  expect(same('ns/name', 'https://huggingface.co/ns/name/tree/main')).toBe(true);
  expect(same('./a', './b/../a')).toBe(true);
  expect(same('ns/name', 'ns/name@v2')).toBe(false);
  expect(same('./ns/name', 'ns/name')).toBe(false);
});
