import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Plain, toYaml } from './to-yaml.ts';

const RECIPE = {
  name: 'support-intents',
  merge_method: 'pcb',
  models: ['a/b', { model: 'https://huggingface.co/c/d', parameters: { lambda: 1.1 } }],
  parameters: { ratio: 0.1, exclude: [] as string[] },
  out_dtype: undefined,
  publish: { hub: { repo: 'you/x', as: 'pull_request' }, if: 'mean > best_parent and mean > base' },
};

test('a recipe is written as a person would write it', () => {
  expect(toYaml(RECIPE)).toBe(`name: support-intents
merge_method: pcb
models:
  - a/b
  - model: https://huggingface.co/c/d
    parameters:
      lambda: 1.1
parameters:
  ratio: 0.1
  exclude: []
publish:
  hub:
    repo: you/x
    as: pull_request
  if: mean > best_parent and mean > base
`);
});

test.each<Plain>([
  ...[
    'yes',
    '1e3',
    '007',
    '1:30',
    '-',
    '- a',
    '# no',
    'a: b',
    'a #b',
    'a:',
    ' a ',
    '',
    '~',
    'null',
    '{a}',
    '[a]',
    '"',
    "'",
    '|',
    '&a',
  ],
  ...[
    '*x',
    '!t',
    '%d',
    '@at',
    '`',
    'line\nbreak',
    'tab\tin',
    'ünïcode',
    '.5',
    '.inf',
    'True',
    'no',
    '2026-11-30',
    '0x1f',
    'a%b',
  ],
  ...[1, -0.5, 1e-7, true, null],
])('%j comes back as it was', (value) => {
  expect(parse(toYaml({ key: value, list: [value, { inner: value }], [String(value)]: 1 }))).toEqual({
    key: value,
    list: [value, { inner: value }],
    [String(value)]: 1,
  });
});
