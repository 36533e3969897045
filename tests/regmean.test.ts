import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  INPUTS,
  LAYER,
  type LinearModel,
  linearModels,
  mergeLinearModels,
  OUTPUTS,
  referenceWeight,
} from './regmean-models.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-regmean-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const merge = (options: Omit<Parameters<typeof mergeLinearModels>[0], 'folder'>) =>
  mergeLinearModels({ ...options, folder });

/** Half a step of float32 and what the solution of well-conditioned equations may lose. */
function expectClose(found: Float64Array, expected: Float64Array, tolerance = 1e-7) {
  const far = [...expected.keys()].filter(
    (i) => !(Math.abs((found[i] as number) - (expected[i] as number)) <= tolerance * (1 + Math.abs(expected[i] ?? 0))),
  );
  expect(far).toEqual([]);
}

describe('the weight of a linear layer', () => {
  const cases = [0, 0.1, 0.9, 1].flatMap((alpha) =>
    [
      [1, 1, 1],
      [0.5, 0.3, 0.2],
      [2, 0, 1],
    ].map((weights) => ({ alpha, weights })),
  );
  test.each(cases)('solves the normal equations with alpha $alpha and weights $weights', async ({ alpha, weights }) => {
    const models = linearModels({ seed: 3, models: 3 });
    const { weight, layers } = await merge({ models, weights, parameters: { alpha } });
    expectClose(weight, referenceWeight(models, { alpha, weights }));
    expect(layers).toEqual([{ tensor: `${LAYER}.weight`, residual: expect.any(Number), notes: [] }]);
    expect(layers[0]?.residual).toBeLessThan(1e-12);
  });

  test('with alpha 0 is the mean by the diagonals', async () => {
    const models = linearModels({ seed: 4, models: 2 });
    const { weight } = await merge({ models, parameters: { alpha: 0 } });
    const expected = Float64Array.from({ length: INPUTS * OUTPUTS }, (_, at) => {
      const diagonal = ({ gram }: LinearModel) => gram[(at % INPUTS) * (INPUTS + 1)] as number;
      const sum = models.reduce((total, model) => total + diagonal(model), 0);
      return models.reduce((total, model) => total + diagonal(model) * (model.weight[at] as number), 0) / sum;
    });
    expectClose(weight, expected);
  });

  test('is the same whether the triangle is stored or the whole matrix', async () => {
    const models = linearModels({ seed: 5, models: 2 });
    const whole = await merge({ models, form: 'square' });
    const triangle = await merge({ models, form: 'triangle' });
    expect(triangle.weight).toEqual(whole.weight);
  });

  test('is the same in a family that stores inputs x outputs', async () => {
    const models = linearModels({ seed: 6, models: 2 });
    const plain = await merge({ models });
    const transposed = await merge({ models, transposed: true });
    expect(transposed.weight).toEqual(plain.weight);
  });

  test('does not depend on the order of the models', async () => {
    const models = linearModels({ seed: 7, models: 3 });
    const one = await merge({ models, weights: [1, 2, 3] });
    const two = await merge({ models: [2, 0, 1].map((i) => models[i] as LinearModel), weights: [3, 1, 2] });
    expectClose(two.weight, one.weight);
    expectClose(two.bias, one.bias);
  });

  test('sees a Gram matrix scaled by c as a weight of c', async () => {
    const [first, second] = linearModels({ seed: 8, models: 2 }) as [LinearModel, LinearModel];
    const scaled = { ...second, gram: second.gram.map((value) => 4 * value) };
    const byGram = await merge({ models: [first, scaled] });
    const byWeight = await merge({ models: [first, second], weights: [1, 4] });
    expectClose(byGram.weight, byWeight.weight);
  });

  test('with gram: sum counts a model by the rows behind its Gram matrix', async () => {
    const models = linearModels({ seed: 9, models: 2 });
    const sum = await merge({ models, parameters: { gram: 'sum' }, rows: 40 });
    expectClose(sum.weight, (await merge({ models })).weight);
  });
});

describe('models that agree', () => {
  test.each([0, 0.5, 1])('give themselves with alpha %d', async (alpha) => {
    const [model] = linearModels({ seed: 10, models: 1 }) as [LinearModel];
    const [other] = linearModels({ seed: 11, models: 1 }) as [LinearModel];
    const models = [model, { ...model, gram: other.gram }];
    const { weight, bias } = await merge({ models, parameters: { alpha } });
    expectClose(weight, model.weight);
    expectClose(bias, model.bias);
  });

  test.each([0, 0.9, 1])('one model gives itself with alpha %d', async (alpha) => {
    const models = linearModels({ seed: 12, models: 1 });
    const { weight } = await merge({ models, parameters: { alpha } });
    expectClose(weight, (models[0] as LinearModel).weight);
  });

  test('give themselves even where the equations have no unique solution, and the log says what was done', async () => {
    const [model] = linearModels({ seed: 13, models: 1, rows: 4 }) as [LinearModel];
    const { weight, layers } = await merge({ models: [model, model], parameters: { alpha: 1 } });
    expectClose(weight, model.weight, 1e-5);
    expect(layers[0]?.notes).toEqual([expect.stringMatching(/no unique solution; off-diagonals lowered by 1e-/)]);
  });
});

test('inputs that no data used get the mean of their weights, and the log says how many', async () => {
  const models = linearModels({ seed: 14, models: 2, unused: [2, 9] });
  const { weight, layers } = await merge({ models, parameters: { alpha: 1 }, weights: [1, 3] });
  const column = (matrix: Float64Array, input: number) => matrix.filter((_, at) => at % INPUTS === input);
  for (const input of [2, 9]) {
    const [a, b] = models.map((model) => column(model.weight, input)) as [Float64Array, Float64Array];
    expectClose(
      column(weight, input),
      a.map((value, i) => 0.25 * value + 0.75 * (b[i] as number)),
    );
  }
  expect(layers[0]?.notes).toEqual(['2 of 11 inputs are zero in all data: their weights are averaged']);
});

test('biases are averaged with the models weights', async () => {
  const models = linearModels({ seed: 15, models: 2 });
  const { bias } = await merge({ models, weights: [1, 3] });
  const [a, b] = models as [LinearModel, LinearModel];
  expectClose(
    bias,
    a.bias.map((value, i) => 0.25 * value + 0.75 * (b.bias[i] as number)),
  );
});

test('an excluded layer is averaged, and the plan says so', async () => {
  const models = linearModels({ seed: 16, models: 2 });
  const { weight, layers, plan } = await merge({ models, parameters: { exclude: ['c_fc'] } });
  const [a, b] = models as [LinearModel, LinearModel];
  expectClose(
    weight,
    a.weight.map((value, i) => (value + (b.weight[i] as number)) / 2),
  );
  expect(layers).toEqual([]);
  expect(plan.tensors.find(({ name }) => name === `${LAYER}.weight`)?.note).toBe('excluded: averaged');
});

describe('statistics that cannot be used are refused:', () => {
  const models = linearModels({ seed: 17, models: 2 });

  test('too few rows for alpha 1, with the number that is needed', async () => {
    await expect(merge({ models, parameters: { alpha: 1 }, rows: 5 })).rejects.toThrow(
      'the Gram matrices need 11 rows in all, and there are 10',
    );
  });

  test('too few rows lean on alpha below 1, and the plan says so', async () => {
    const { plan } = await merge({ models, rows: 5 });
    const { note } = plan.tensors.find(({ linear }) => linear !== undefined) ?? {};
    expect(note).toBe('10 rows for 11 inputs: the solution leans on alpha');
  });

  test('values that are not finite, by file and place', async () => {
    const damaged = models.map(({ gram, ...rest }) => ({ ...rest, gram: gram.with(5, Number.NaN) }));
    await expect(merge({ models: damaged })).rejects.toMatchObject({
      code: 'tensors/not-finite',
      where: expect.stringMatching(/gram-0\.safetensors$/),
      hint: expect.stringContaining('gather them anew'),
    });
  });

  test('none at all, with the command that makes them', async () => {
    await expect(mergeWithout()).rejects.toMatchObject({
      code: 'merge/statistics-missing',
      hint: expect.stringMatching(/^ {2}hubfuse stats .*model-0 --data <dataset> --kind gram --padding mask$/m),
    });
    async function mergeWithout() {
      await merge({ models });
      const { mergeRecipe } = await import('./merge-recipe.ts');
      const text = JSON.stringify({ merge_method: 'regmean', models: [join(folder, 'model-0')] });
      return mergeRecipe({ text, out: join(folder, 'none') });
    }
  });

  test('weights that sum to zero', async () => {
    await expect(merge({ models, weights: [0, 0] })).rejects.toMatchObject({ code: 'recipe/weights-cancel' });
  });
});

test('any number of workers gives the same bytes', async () => {
  const models = linearModels({ seed: 18, models: 3 });
  const one = await merge({ models, workers: 1 });
  expect((await merge({ models, workers: 3 })).weight).toEqual(one.weight);
});
