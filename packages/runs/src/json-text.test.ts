import { expect, test } from 'vitest';
import { setJsonKeys } from './json-text.ts';

const config = `{
  "architectures": ["A", "B"],
  "nested": {"dtype": "float16", "deep": [{"dtype": 1}]},
  "rope_theta": 10000.0,
  "eps": 1e-12, "odd \\"key\\": {": "}, \\"dtype\\": 1",
  "dtype" : "float32"
}
`;

test('a value is replaced where it stands and nothing else changes', () => {
  expect(setJsonKeys(config, { dtype: 'bfloat16' }, 'config.json')).toBe(
    config.replace('"dtype" : "float32"', '"dtype" : "bfloat16"'),
  );
});

test('several values of different kinds are replaced at once', () => {
  const changed = setJsonKeys(config, { nested: false, architectures: ['C'], eps: 1 }, 'config.json');
  expect(JSON.parse(changed)).toEqual({ ...JSON.parse(config), nested: false, architectures: ['C'], eps: 1 });
  expect(changed).toContain('10000.0');
});

test('missing keys are added at the end, also to an empty object', () => {
  expect(setJsonKeys('{"a": 1}', { b: 2, c: [3] }, 'x')).toBe('{"a": 1,\n  "b": 2,\n  "c": [3]\n}');
  expect(JSON.parse(setJsonKeys('{}', { b: 2, c: 3 }, 'x'))).toEqual({ b: 2, c: 3 });
});

test('the last of a repeated key is the one that counts', () => {
  expect(JSON.parse(setJsonKeys('{"a": 1, "a": 2}', { a: 3 }, 'x'))).toEqual({ a: 3 });
});

test.each(['[1]', '"x"', '{', 'null'])('%j is refused with the name of the file', (text) => {
  expect(() => setJsonKeys(text, { a: 1 }, 'you/model/config.json')).toThrow(
    expect.objectContaining({ code: 'run/bad-config', where: 'you/model/config.json' }),
  );
});
