import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { stubRegistry } from '../test/registry.ts';
import { recipeSchema } from './schema.ts';

const schema = recipeSchema(stubRegistry());
const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
const accepts = (recipe: unknown) => validator.safeParse(recipe).success;

const ties = {
  merge_method: 'ties',
  base_model: 'a/base',
  models: ['a/x', { model: 'a/y', parameters: { density: 0.5 } }],
};

describe('the JSON Schema of recipes', () => {
  test('has one branch for each registered method, with defaults, ranges and descriptions', () => {
    const branches = schema.oneOf as { properties: Record<string, { const?: string; properties?: unknown }> }[];
    expect(branches.map(({ properties }) => properties.merge_method?.const)).toEqual(stubRegistry().names('method'));
    const pcb = branches.find(({ properties }) => properties.merge_method?.const === 'pcb')?.properties;
    expect(pcb?.parameters?.properties).toMatchObject({
      ratio: { default: 0.1, anyOf: [{ type: 'number', exclusiveMinimum: 0, maximum: 1 }, {}, {}, {}] },
      form: { default: 'reference', enum: expect.arrayContaining(['paper']) },
      clamp: { description: expect.stringContaining('the form') },
    });
  });

  test.each<[name: string, recipe: unknown]>([
    ['a recipe of bare references', { merge_method: 'linear', models: ['a/x', 'b/y'] }],
    ['parameters of models', ties],
    ['gradients and filters', { ...ties, parameters: { weight: [{ filter: 'mlp', value: [0, 1] }, { value: 1 }] } }],
    ["mergekit's object", { merge_method: 'linear', models: [{ model: { model: { path: 'a/x', revision: 'v1' } } }] }],
    [
      'evaluate and publish',
      {
        ...ties,
        seed: 7,
        out_dtype: 'bfloat16',
        evaluate: {
          task: 'text-classification',
          metric: 'accuracy',
          datasets: [{ name: 'x', dev: 'x.jsonl', label: 'l' }],
        },
        publish: { hub: { repo: 'you/x', as: 'pull_request' }, if: 'mean > base' },
      },
    ],
    ['an empty evolve', { ...ties, evolve: {} }],
    [
      'Evolver alone',
      { merge_method: 'evolver', models: ['a/x', 'a/y', 'a/z'], evolve: { mode: 'blend', time: '30m' } },
    ],
    [
      'a search',
      { ...ties, search: { over: ['lambda', { parameter: 'weight', layers: 2, range: [0, 2] }], evaluations: 9 } },
    ],
  ])('accepts %s', (_, recipe) => {
    expect(accepts(recipe)).toBe(true);
  });

  test.each<[name: string, recipe: unknown]>([
    ['an unknown method', { ...ties, merge_method: 'tis' }],
    ['an unknown key', { ...ties, notes: 'x' }],
    ['a missing base', { ...ties, base_model: undefined }],
    ["another method's parameter", { merge_method: 'linear', models: ['a/x'], parameters: { density: 1 } }],
    ['a value out of range', { ...ties, parameters: { density: 1.5 } }],
    ['a value of the merge at a model', { ...ties, models: [{ model: 'a/x', parameters: { lambda: 1 } }] }],
    ['no models', { merge_method: 'linear', models: [] }],
    ['a gradient of a flag', { merge_method: 'linear', models: ['a/x'], parameters: { normalize: [true, false] } }],
    ['an unknown task', { ...ties, evaluate: { task: 'x', datasets: [{ name: 'x', dev: 'x' }] } }],
    ['an unknown way to publish', { ...ties, publish: { hub: { repo: 'a/b', as: 'force' } } }],
    ['an unknown way to evolve', { ...ties, evolve: { mode: 'drift' } }],
    ['a search of a choice', { ...ties, search: { over: ['scope'] } }],
    [
      'a search of a method without numbers',
      { merge_method: 'evolver', models: ['a/x', 'a/y'], search: { over: ['x'] } },
    ],
  ])('refuses %s', (_, recipe) => {
    expect(accepts(JSON.parse(JSON.stringify(recipe)))).toBe(false);
  });
});
