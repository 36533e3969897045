import { expect, test } from 'vitest';
import { read, refusal } from '../test/reading.ts';
import { methodNamed, stubRegistry } from '../test/registry.ts';

const registry = stubRegistry();
for (const [name, kind] of [
  ['regmean', 'gram'],
  ['fisher', 'fisher'],
] as const) {
  registry.register({ ...methodNamed('linear'), name, statistics: () => ({ kind, variant: 'any' }) });
}

function recipe(options: { method?: string; refresh?: string; calibration?: string; models?: string }): string {
  const { method = 'regmean', refresh = 'grams', models = 'a/x, a/y, a/z' } = options;
  const { calibration = 'calibration: data/{name}.jsonl' } = options;
  return `merge_method: ${method}
models: [${models}]
${calibration}
evaluate: {task: text-classification, datasets: [{name: x, dev: x.jsonl}]}
evolve: {refresh: ${refresh}}
`;
}

test.each([
  ['regmean', 'grams'],
  ['fisher', 'fisher'],
])('%s may gather its %s anew where every model has data', (method, refresh) => {
  expect(read(recipe({ method, refresh }), { registry }).evolve?.refresh).toBe(refresh);
  const own = ['a/x', 'a/y', 'a/z'].map((model) => `{model: ${model}, calibration: own.jsonl}`).join(', ');
  const text = recipe({ method, refresh, models: own, calibration: '' });
  expect(read(text, { registry }).evolve?.refresh).toBe(refresh);
});

test('without the word the statistics stay those of the originals', () => {
  const text = recipe({}).replace('{refresh: grams}', '{}');
  expect(read(text, { registry }).evolve).not.toHaveProperty('refresh');
});

test.each([
  ['another word', { refresh: 'gram' }, 'unknown-value', 'grams?'],
  ['a method without statistics', { method: 'linear' }, 'contradiction', 'linear reads no statistics'],
  ['Evolver alone', { method: 'evolver' }, 'contradiction', 'evolver reads no statistics'],
  ['a method with other statistics', { method: 'fisher' }, 'contradiction', 'fisher reads fisher statistics'],
  ['the other way round', { refresh: 'fisher' }, 'contradiction', 'such as fisher'],
  ['a model without data', { calibration: '' }, 'missing-key', 'calibration: data/{name}.jsonl'],
  [
    'one that is forgotten',
    { calibration: '', models: '{model: a/x, calibration: x.jsonl}, {model: a/y, calibration: y.jsonl}, a/z' },
    'missing-key',
    'a/z has no data',
  ],
] as const)('refuses %s', (_, options, code, mention) => {
  const error = refusal(recipe(options), { registry });
  expect({ code: error.code, path: error.place?.path }).toEqual({
    code: `recipe/${code}`,
    path: 'evolve.refresh',
  });
  expect(error.message).toContain(mention);
});
