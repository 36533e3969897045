import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DType } from '@hubfuse/tensors';
import { afterAll, describe, expect, test } from 'vitest';
import { plan, scratch, type TinyTensors, tinyRegistry, writeModel } from '../../test/tiny-models.ts';

const root = await scratch();
const registry = await tinyRegistry();
afterAll(() => rm(root, { recursive: true, force: true }));

let count = 0;
const model = (tensors: TinyTensors, config: Record<string, unknown> = {}) =>
  writeModel(root, { name: `model-${count++}`, tensors, config });
const tensor = (dtype: DType = 'F32'): TinyTensors[string] => ({ shape: [1], values: [1], dtype });
const weights = { 'tiny.weight': tensor() };

async function warningsOf(recipe: Record<string, unknown>): Promise<string[]> {
  const { plan: made } = await plan(registry, { merge_method: 'linear', ...recipe });
  return made.warnings.map((warning) => warning.replaceAll(`${root}/`, ''));
}

describe('tensors that are not merged', () => {
  const merge = async (name: string, ...dtypes: DType[]) => {
    const models = await Promise.all(dtypes.map((dtype) => model({ ...weights, [name]: tensor(dtype) })));
    return { warnings: await warningsOf({ models }), models: models.map((folder) => basename(folder)) };
  };

  test('quantised weights are told with the model that they come from', async () => {
    const { warnings, models } = await merge('tiny.quantised', 'F8_E4M3', 'F8_E4M3');
    expect(warnings).toEqual([
      `1 tensors of dtype F8_E4M3 are copied from ${models[0]}, not merged, e.g. tiny.quantised`,
    ]);
  });

  test.each<[DType, DType]>([
    ['F8_E4M3', 'F8_E5M2'],
    ['I64', 'I32'],
  ])('%s beside %s: both are named', async (first, second) => {
    const { warnings, models } = await merge('tiny.position_ids', first, second);
    expect(warnings).toEqual([
      `1 tensors of dtype ${first}, ${second} in ${models[1]} are copied from ${models[0]}, not merged, e.g. tiny.position_ids`,
    ]);
  });

  test("whole numbers that are no buffer of the architecture's are told, its buffers are not", async () => {
    expect((await merge('tiny.packed', 'I32', 'I32')).warnings).toHaveLength(1);
    expect((await merge('tiny.position_ids', 'I64', 'I64')).warnings).toEqual([]);
  });
});

describe('configs that give weights another meaning', () => {
  test.each([
    ['hidden_act', 'gelu', 'relu'],
    ['num_attention_heads', 4, 8],
    ['rope_scaling', { factor: 1, type: 'linear' }, { factor: 2, type: 'linear' }],
  ])('%s', async (key, one, other) => {
    const models = [await model(weights, { [key]: one }), await model(weights, { [key]: other })];
    const [a, b] = models.map((folder) => basename(folder));
    expect(await warningsOf({ models })).toEqual([
      expect.stringContaining(`${key} is ${JSON.stringify(one)} in ${a} and ${JSON.stringify(other)} in ${b}`),
    ]);
  });

  test('what one config leaves to the default, or says in another order, is no difference', async () => {
    const models = [
      await model(weights, { hidden_act: 'gelu', rope_scaling: { factor: 2, type: 'linear' } }),
      await model(weights, { rope_scaling: { type: 'linear', factor: 2 } }),
    ];
    expect(await warningsOf({ models })).toEqual([]);
  });
});

describe('exclude and heads beside a base of another class', () => {
  const labels = { id2label: { 0: 'a', 1: 'b' } };
  const head = { 'classifier.weight': { shape: [2, 1], values: [1, 2] } };

  test('a name that some tensor has is known, although the base lacks it; another one is told', async () => {
    const base_model = await model(weights, { architectures: ['TinyModel'] });
    const models = [await model({ ...weights, ...head }, labels), await model({ ...weights, ...head }, labels)];
    const recipe = { merge_method: 'pcb', base_model, models };
    const known = await warningsOf({ ...recipe, parameters: { exclude: ['classifier'] } });
    expect(known.filter((warning) => warning.startsWith('exclude'))).toEqual([]);
    expect(await warningsOf({ ...recipe, parameters: { exclude: ['classifier', 'poler'] } })).toContain(
      'exclude: no tensor has poler in its name',
    );
  });

  test.each([
    ['of another class', { architectures: ['TinyForMaskedLM'] }, /it is TinyForMaskedLM and the models are Tiny\w+/],
    ['without labels', {}, /its config\.json names no labels \(id2label\)/],
    ['with labels of its own', { id2label: { 0: 'c', 1: 'd' } }, /other labels than the models/],
  ])('a base %s takes no part in the head, for the reason that is true', async (_, config, reason) => {
    const base_model = await model({ ...weights, ...head }, config);
    const models = [await model({ ...weights, ...head }, labels)];
    const warnings = await warningsOf({ merge_method: 'task_arithmetic', base_model, models });
    const told = warnings.find((warning) => warning.includes('takes no part'));
    expect(told).toMatch(reason);
  });
});
