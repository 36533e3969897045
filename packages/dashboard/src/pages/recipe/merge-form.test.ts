import { expect, test } from 'vitest';
import type { Method } from '../api/types.ts';
import { EMPTY_FORM, type MergeForm, placeOf, recipeOf, splitPasted } from './merge-form.ts';

const METHOD: Method = {
  name: 'ties',
  title: 'TIES-Merging',
  description: '',
  base: 'required',
  models: { minimum: 1 },
  sources: [],
  parameters: [
    { name: 'weight', type: 'number', level: 'model', description: '', default: 1 },
    {
      name: 'scope',
      type: 'choice',
      level: 'global',
      description: '',
      default: 'tensor',
      choices: ['tensor', 'model'],
    },
    { name: 'rank', type: 'number', level: 'global', description: '', default: 1, onlyWith: { scope: 'model' } },
    { name: 'normalize', type: 'boolean', level: 'global', description: '', default: true },
    { name: 'exclude', type: 'names', level: 'global', description: '', default: [] },
  ],
};
const FORM: MergeForm = { ...EMPTY_FORM, method: 'ties', models: ['https://hf.co/a/b ', '', 'c/d'], base: 'e/f' };

test('what is left empty is left out', () => {
  expect(JSON.parse(JSON.stringify(recipeOf(FORM, METHOD)))).toEqual({
    merge_method: 'ties',
    base_model: 'e/f',
    models: ['https://hf.co/a/b', 'c/d'],
  });
});

test('parameters stand where they hold, each with the type that its method says', () => {
  const form = {
    ...FORM,
    values: { scope: 'model', rank: '3', normalize: 'false', exclude: 'head, bias' },
    perModel: { weight: ['0.25', '9', '0.75'] },
  };
  expect(recipeOf(form, METHOD)).toMatchObject({
    models: [
      { model: 'https://hf.co/a/b', parameters: { weight: 0.25 } },
      { model: 'c/d', parameters: { weight: 0.75 } },
    ],
    parameters: { scope: 'model', rank: 3, normalize: false, exclude: ['head', 'bias'] },
  });
});

test('a parameter of another choice stays away, and a number that is none is not hidden', () => {
  const recipe = recipeOf({ ...FORM, values: { rank: '3', weight: 'much' } }, METHOD);
  expect(recipe.parameters).toEqual({ weight: 'much' });
});

test('scores and publication', () => {
  const form: MergeForm = {
    ...FORM,
    datasets: [
      { name: 'money', dev: 'you/data/dev.jsonl', test: '', text: '', label: '' },
      { name: '', dev: ' ', test: '', text: '', label: '' },
    ],
    publishTo: 'you/x',
    condition: 'mean > base',
  };
  expect(JSON.parse(JSON.stringify(recipeOf(form, METHOD)))).toMatchObject({
    evaluate: { task: 'text-classification', datasets: [{ name: 'money', dev: 'you/data/dev.jsonl' }] },
    publish: { hub: { repo: 'you/x', as: 'pull_request' }, if: 'mean > base' },
  });
});

test('whatever lies between addresses that were pasted, they come apart', () => {
  expect(splitPasted('- https://hf.co/a/b\n* c/d, "e/f"\r\n\n<g/h>')).toEqual([
    'https://hf.co/a/b',
    'c/d',
    'e/f',
    'g/h',
  ]);
});

test('a pointer into the recipe leads to the field that said it', () => {
  expect(placeOf('/models/1', FORM)).toBe('models.2');
  expect(placeOf('/models/1/model', FORM)).toBe('models.2');
  expect(placeOf('/models/0/parameters/weight', FORM)).toBe('parameters.weight');
  expect(placeOf('/parameters/density', FORM)).toBe('parameters.density');
  expect(placeOf('/base_model', FORM)).toBe('base_model');
  expect(placeOf('/publish/hub/repo', FORM)).toBe('publish');
  expect(placeOf('/publish/if', FORM)).toBe('condition');
  expect(placeOf('/evaluate/datasets/0/dev', FORM)).toBe('datasets.0.dev');
  expect(placeOf(undefined, FORM)).toBeUndefined();
});
