import { describe, expect, test } from 'vitest';
import { read, refused } from '../test/reading.ts';
import { methodNamed } from '../test/registry.ts';
import { recipeAt, searchSpace } from './search-space.ts';

const recipe = (search: string, parameters = '{}') =>
  read(`merge_method: pcb
base_model: a/base
models: [{model: a/x, parameters: {lambda: 0.4}}, a/y]
parameters: ${parameters}
evaluate: {task: text-classification, datasets: [{name: x, dev: x.jsonl}]}
search: {over: ${search}}
`);

describe('the search space of a recipe', () => {
  test('has one coefficient for each model, or one for all', () => {
    const method = methodNamed('pcb');
    expect(searchSpace({ recipe: recipe('[{parameter: lambda, range: [0, 2]}, ratio]'), method })).toEqual([
      { name: 'lambda, x', minimum: 0, maximum: 2, start: 0.4 },
      { name: 'lambda, y', minimum: 0, maximum: 2, start: 1 },
      { name: 'ratio', minimum: 0.01, maximum: 1, start: 0.1 },
    ]);
    expect(searchSpace({ recipe: recipe('[{parameter: lambda, per: merge, range: [0, 2]}]'), method })).toEqual([
      { name: 'lambda', minimum: 0, maximum: 2, start: 0.7 },
    ]);
  });

  test('has one for each part of the names and each depth', () => {
    const entry = '[{parameter: lambda, per: merge, layers: 3, filters: [attention]}]';
    const names = searchSpace({ recipe: recipe(entry), method: methodNamed('pcb') }).map(({ name }) => name);
    expect(names).toEqual([
      'lambda, attention, depth 0',
      'lambda, attention, depth 0.5',
      'lambda, attention, depth 1',
      'lambda, other tensors, depth 0',
      'lambda, other tensors, depth 0.5',
      'lambda, other tensors, depth 1',
    ]);
  });

  test('the recipe at a point has its values where the search had its parameters, and no search', () => {
    const found = recipeAt({ recipe: recipe('[lambda, ratio]', '{ratio: 0.2}'), point: [0.3, 0.8, 0.05] });
    expect(found.models.map(({ parameters }) => parameters)).toEqual([
      { lambda: { kind: 'constant', value: 0.3 } },
      { lambda: { kind: 'constant', value: 0.8 } },
    ]);
    expect(found.parameters).toEqual({ ratio: { kind: 'constant', value: 0.05 } });
    expect(found.search).toBeUndefined();
  });

  test('one value for all stands at the top level alone', () => {
    const entry = '[{parameter: lambda, per: merge, layers: 2, filters: [attention]}]';
    const found = recipeAt({ recipe: recipe(entry), point: [0.1, 0.2, 0.3, 0.4] });
    expect(found.models.map(({ parameters }) => parameters)).toEqual([{}, {}]);
    expect(found.parameters.lambda).toEqual({
      kind: 'filters',
      entries: [
        { filter: 'attention', value: { kind: 'gradient', values: [0.1, 0.2] } },
        { value: { kind: 'gradient', values: [0.3, 0.4] } },
      ],
    });
  });

  test.each([[[0.1]], [[0.1, 0.2, 0.3, 0.4]]])('a point of another space is refused: %j', (point) => {
    expect(refused(() => recipeAt({ recipe: recipe('[lambda, ratio]'), point })).code).toBe('recipe/search-point');
  });
});
