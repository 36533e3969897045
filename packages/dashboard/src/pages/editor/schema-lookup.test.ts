import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { keysAt, type Schema, valuesAt } from './schema-lookup.ts';

const schema = JSON.parse(
  await readFile(new URL('../../../../../docs/recipe.schema.json', import.meta.url), 'utf8'),
) as Schema;
const labels = (proposals: { label: string }[]) => proposals.map(({ label }) => label);

test('a recipe without a method is offered the keys of all of them, each once', () => {
  const keys = labels(keysAt(schema, { path: [], method: undefined }));
  expect(keys).toEqual(expect.arrayContaining(['merge_method', 'models', 'base_model', 'evaluate', 'publish']));
  expect(new Set(keys).size).toBe(keys.length);
});

test('parameters are those of the method', () => {
  const ties = labels(keysAt(schema, { path: ['parameters'], method: 'ties' }));
  const pcb = labels(keysAt(schema, { path: ['parameters'], method: 'pcb' }));
  expect(ties).toContain('density');
  expect(pcb).toContain('ratio');
  expect(pcb).not.toContain('density');
  expect(labels(keysAt(schema, { path: ['models', 1], method: 'ties' }))).toContain('parameters');
  expect(labels(keysAt(schema, { path: ['models', 1, 'parameters'], method: 'ties' }))).toContain('weight');
});

test('keys say what they are for, whether they are needed and whether more goes below them', () => {
  const keys = new Map(keysAt(schema, { path: [], method: 'ties' }).map((key) => [key.label, key]));
  expect(keys.get('models')).toMatchObject({ holds: 'group', required: true, description: 'The models to merge.' });
  expect(keys.get('seed')).toMatchObject({ holds: 'value' });
  expect(keys.get('seed')?.required).toBeUndefined();
});

test('values are those that the schema lists, and every method whatever stands there now', () => {
  const methods = labels(valuesAt(schema, { path: ['merge_method'], method: 'ties' }));
  expect(methods).toEqual(expect.arrayContaining(['linear', 'ties', 'pcb', 'evolver']));
  expect(labels(valuesAt(schema, { path: ['out_dtype'], method: 'ties' }))).toContain('bfloat16');
  expect(labels(valuesAt(schema, { path: ['publish', 'hub', 'as'], method: 'ties' }))).toEqual([
    'commit',
    'pull_request',
  ]);
  expect(labels(valuesAt(schema, { path: ['evaluate', 'task'], method: 'ties' }))).toContain('text-classification');
});

test('a place that no recipe has is offered nothing', () => {
  expect(keysAt(schema, { path: ['models', 0, 'nothing', 3, 'here'], method: undefined })).toEqual([]);
  expect(valuesAt(schema, { path: ['constructor'], method: undefined })).toEqual([]);
});
