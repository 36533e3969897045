import { expect, test } from 'vitest';
import { apiAddress, checkFilePath, checkRepoId, fileAddress, pageAddress } from './addresses.ts';

const model = { hubUrl: 'https://hub', type: 'model', repo: 'ns/name' } as const;
const dataset = { ...model, type: 'dataset' } as const;

test('models and datasets have their own addresses', () => {
  expect(apiAddress(model)).toBe('https://hub/api/models/ns/name');
  expect(apiAddress(dataset)).toBe('https://hub/api/datasets/ns/name');
  expect(pageAddress(dataset, 'v1')).toBe('https://hub/datasets/ns/name/tree/v1');
  expect(fileAddress(model, 'refs/pr/1', 'onnx/a b#1.onnx')).toBe(
    'https://hub/ns/name/resolve/refs%2Fpr%2F1/onnx/a%20b%231.onnx',
  );
});

test.each(['ns/name', 'gpt2', 'a.b-c_d/E-1.2'])('%s is a name', (repo) => {
  expect(() => checkRepoId(repo)).not.toThrow();
});

test.each(['', 'a/b/c', 'ns/', '/name', 'ns/na me', 'ns/a--b', 'ns/a..b', '../x', 'ns/.x', 'ns/x?y'])(
  '%j is no name',
  (repo) => {
    expect(() => checkRepoId(repo)).toThrow(/not the name of a repository/);
  },
);

test('what is written to needs a namespace', () => {
  expect(() => checkRepoId('gpt2', true)).toThrow(/namespace\/name/);
});

test.each(['../x', 'a/../../x', '/etc/passwd', 'a//b', './a', 'C:/x', 'a\\..\\b', 'a\0b', ''])(
  'a Hub cannot place a file outside the cache by listing %j',
  (path) => {
    expect(() => checkFilePath(path, 'ns/name')).toThrow(/could leave its folder/);
  },
);

test('names that merely look odd are files like others', () => {
  for (const path of ['a..b', '...', '.gitattributes', 'x/..y/z']) {
    expect(() => checkFilePath(path, 'ns/name')).not.toThrow();
  }
});
