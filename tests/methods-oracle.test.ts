import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TensorData, toFloat64 } from '@hubfuse/tensors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mergeRecipe, writeModel } from './merge-recipe.ts';
import { randomFamily, SHAPES, type Storage, storeValues } from './random-models.ts';
import { pcb, pcbPaper, type Reference, ties, weightedSum } from './reference-methods.ts';

type Vector = Float64Array;
type Tensors = ReadonlyMap<string, TensorData>;

const CONFIG = { model_type: 'bert', architectures: ['BertModel'] };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-oracle-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** One method with its parameters, and the same in float64 over the task vectors of one scope. */
interface Oracle {
  title: string;
  method: string;
  parameters: Record<string, unknown>;
  modelParameters?: (model: number) => Record<string, number>;
  scope: 'tensor' | 'model';
  reference(taus: readonly Vector[]): Reference;
}

const weightOf = (model: number) => [0.7, 1.3, 0.4, 1, 0.9][model % 5] as number;
const densityOf = (model: number) => [0.5, 0.2, 0.9, 0.35, 1][model % 5] as number;
const lambdaOf = (model: number) => [1, 0.8, 1.2, 0.9, 1.1][model % 5] as number;
const each = (taus: readonly Vector[], value: (model: number) => number) => taus.map((_, i) => value(i));
const exact = (merged: Vector): Reference => ({ merged, fragile: new Set() });
const scaled = ({ merged, fragile }: Reference, lambda: number): Reference => ({
  merged: merged.map((value) => value * lambda),
  fragile,
});

function tiesOracles(): Oracle[] {
  const scopeTensor = [true, false].map(
    (normalize): Oracle => ({
      title: `ties, scope tensor, normalize ${normalize}`,
      method: 'ties',
      parameters: { normalize, lambda: 1.1 },
      modelParameters: (model) => ({ density: densityOf(model), weight: weightOf(model) }),
      scope: 'tensor',
      reference: (taus) =>
        scaled(
          ties({
            taus,
            densities: each(taus, densityOf),
            weights: each(taus, weightOf),
            merge: normalize ? 'mean' : 'sum',
            rule: 'mergekit',
          }),
          1.1,
        ),
    }),
  );
  const scopeModel = (['mean', 'sum', 'max'] as const).map(
    (merge): Oracle => ({
      title: `ties, scope model, merge ${merge}`,
      method: 'ties',
      parameters: { scope: 'model', merge, density: 0.2, lambda: 0.6 },
      scope: 'model',
      reference: (taus) =>
        scaled(
          ties({ taus, densities: each(taus, () => 0.2), weights: each(taus, () => 1), merge, rule: 'authors' }),
          0.6,
        ),
    }),
  );
  return [...scopeTensor, ...scopeModel];
}

function pcbOracles(): Oracle[] {
  const clamps = { reference: 0.0001, language: 0.01, 'vision-search': 0.01, vision: 0.01 } as const;
  const forms = Object.keys(clamps) as (keyof typeof clamps)[];
  const byForm = forms.flatMap((form) =>
    (['model', 'tensor'] as const).map(
      (scope): Oracle => ({
        title: `pcb, form ${form}, scope ${scope}`,
        method: 'pcb',
        parameters: { form, scope, ratio: 0.15 },
        modelParameters: (model) => ({ lambda: lambdaOf(model) }),
        scope,
        reference: (taus) => pcb({ taus, form, clamp: clamps[form], ratio: 0.15, lambdas: each(taus, lambdaOf) }),
      }),
    ),
  );
  const all = { title: 'pcb, everything kept, nothing clamped', method: 'pcb', scope: 'model' } as const;
  return [
    ...byForm,
    {
      ...all,
      parameters: { ratio: 1, clamp: 0, lambda: 0.5 },
      reference: (taus) => pcb({ taus, form: 'reference', clamp: 0, ratio: 1, lambdas: each(taus, () => 0.5) }),
    },
    {
      title: 'pcb, form paper',
      method: 'pcb',
      parameters: { form: 'paper', ratio: 0.2 },
      modelParameters: (model) => ({ lambda: lambdaOf(model) }),
      scope: 'model',
      reference: (taus) => pcbPaper({ taus, ratio: 0.2, lambdas: each(taus, lambdaOf) }),
    },
  ];
}

const ORACLES: Oracle[] = [
  {
    title: 'task_arithmetic',
    method: 'task_arithmetic',
    parameters: { lambda: 0.4 },
    modelParameters: (model) => ({ weight: weightOf(model) }),
    scope: 'model',
    reference: (taus) => scaled(exact(weightedSum(taus, each(taus, weightOf))), 0.4),
  },
  ...tiesOracles(),
  ...pcbOracles(),
];

const FAMILIES: { seed: number; models: number; storage: Storage }[] = [
  { seed: 1, models: 1, storage: 'F32' },
  { seed: 2, models: 3, storage: 'F32' },
  { seed: 3, models: 2, storage: 'BF16' },
  { seed: 4, models: 5, storage: 'F16' },
];

describe.each(FAMILIES)('$models random models in $storage merge as the formulas say:', (family) => {
  test.each(ORACLES)('$title', async (oracle) => {
    const { base, models } = randomFamily(family);
    await writeModel(join(folder, 'base'), base, CONFIG);
    for (const [i, model] of models.entries()) await writeModel(join(folder, `model-${i}`), model, CONFIG);
    const text = JSON.stringify({
      merge_method: oracle.method,
      base_model: join(folder, 'base'),
      models: models.map((_, i) => ({
        model: join(folder, `model-${i}`),
        parameters: oracle.modelParameters?.(i) ?? {},
      })),
      parameters: oracle.parameters,
      out_dtype: 'float32',
    });
    const { tensors } = await mergeRecipe({ text, out: join(folder, 'out'), workers: 2 });
    const groups = oracle.scope === 'model' ? [Object.keys(SHAPES)] : Object.keys(SHAPES).map((name) => [name]);
    for (const names of groups) {
      const start = valuesOf(base, names);
      const taus = models.map((model) => valuesOf(model, names).map((value, k) => value - (start[k] as number)));
      if (start.length === 0) continue;
      const { merged, fragile } = oracle.reference(taus);
      const found = valuesOf(tensors, names);
      const wrong = [...merged.keys()].filter((k) => {
        const expected = (start[k] as number) + (merged[k] as number);
        return !fragile.has(k) && !(Math.abs((found[k] as number) - expected) <= 1e-6 + 2e-7 * Math.abs(expected));
      });
      expect(wrong, `positions in ${names.join(', ')}`).toEqual([]);
      expect(fragile.size, 'positions left out').toBeLessThan(2 + merged.length / 50);
    }
  });
});

test('ties: where trimmed values cancel, scope tensor elects plus and scope model the sign of the majority', async () => {
  const model = (...values: number[]) =>
    new Map([['weight', storeValues(Float32Array.from(values), [values.length], 'F32')]]);
  await writeModel(join(folder, 'base'), model(0, 0, 0, 0), CONFIG);
  await writeModel(join(folder, 'one'), model(5, -2, -3, 4), CONFIG);
  await writeModel(join(folder, 'two'), model(-5, -2, -3, 4), CONFIG);
  const merged = async (scope: string) => {
    const models = ['one', 'two'].map((name) => join(folder, name));
    const text = JSON.stringify({
      merge_method: 'ties',
      base_model: join(folder, 'base'),
      models,
      parameters: { scope },
    });
    return [...valuesOf((await mergeRecipe({ text, out: join(folder, scope) })).tensors, ['weight'])];
  };
  expect(await merged('tensor')).toEqual([5, -2, -3, 4]);
  expect(await merged('model')).toEqual([-5, -2, -3, 4]);
});

function valuesOf(tensors: Tensors, names: readonly string[]): Vector {
  return Float64Array.from(
    names.flatMap((name) => {
      const tensor = tensors.get(name);
      if (tensor === undefined) throw new Error(`${name} is missing`);
      return [...toFloat64(tensor.data, tensor.dtype)];
    }),
  );
}
