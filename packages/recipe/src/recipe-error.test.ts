import { RecipeError } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import { read } from '../test/reading.ts';
import { recipeError } from './recipe-error.ts';

const recipe = read(`merge_method: linear
models:
  - a/x
  - model: a/y
    parameters: {weight: [{filter: mlp, value: 1}]}
parameters: {weight: 1}
`);
const placeOf = (path: string, at?: string) => {
  const { place } = recipeError({ recipe, path, at, code: 'recipe/x', message: 'm' });
  return [place?.path, place?.line, place?.column];
};

test('an error of a later phase points at the setting of its path', () => {
  expect(placeOf('models[1].model')).toEqual(['models[1].model', 4, 12]);
  expect(placeOf('models[1].parameters.weight[0].value')).toEqual(['models[1].parameters.weight[0].value', 5, 48]);
});

test('an error about something that is not in the text points at what is around it', () => {
  expect(placeOf('models[1].parameters.density')).toEqual(['models[1].parameters.density', 5, 17]);
  expect(placeOf('models[0].parameters.weight')).toEqual(['models[0].parameters.weight', 3, 5]);
  expect(placeOf('models[*].parameters.weight')).toEqual(['models[*].parameters.weight', 3, 3]);
  expect(placeOf('models[*].parameters.weight', 'models[1]')).toEqual(['models[*].parameters.weight', 4, 5]);
  expect(placeOf('base_model')).toEqual(['base_model', 1, 1]);
});

test('the message holds file, line, column, path and advice; JSON holds them apart', () => {
  const error = recipeError({
    recipe: { source: { ...recipe.source, file: 'r.yaml' } },
    path: 'models[0]',
    code: 'recipe/x',
    message: 'it is wrong',
    hint: 'mend it',
    others: [new RecipeError({ code: 'recipe/y', message: 'so is this', place: { path: 'seed' } })],
  });
  expect(error.message).toBe('r.yaml:3:5 models[0]: it is wrong\n  mend it\nseed: so is this');
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    name: 'RecipeError',
    code: 'recipe/x',
    message: 'it is wrong',
    where: 'r.yaml:3:5 models[0]',
    hint: 'mend it',
    place: { file: 'r.yaml', path: 'models[0]', line: 3, column: 5 },
    findings: [
      { name: 'RecipeError', code: 'recipe/y', message: 'so is this', where: 'seed', place: { path: 'seed' } },
    ],
  });
});
