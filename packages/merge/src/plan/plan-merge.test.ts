import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, toFloat32 } from '@hubfuse/tensors';
import { afterAll, describe, expect, test } from 'vitest';
import { plan, scratch, type TinyTensors, tinyRegistry, writeModel } from '../../test/tiny-models.ts';
import { executeMerge } from '../execute/execute-merge.ts';

const root = await scratch();
const registry = await tinyRegistry();
afterAll(() => rm(root, { recursive: true, force: true }));

const labels = (...names: string[]) => ({ id2label: Object.fromEntries(names.map((name, i) => [i, name])) });
const trunk = (value: number, prefix = 'tiny.'): TinyTensors => ({
  [`${prefix}layer.0.weight`]: { shape: [2], values: [value, 2 * value] },
});
const head = (...rows: number[]): TinyTensors => ({
  'classifier.weight': { shape: [rows.length, 1], values: rows },
  'classifier.bias': { shape: [rows.length], values: rows.map((row) => row / 2) },
});

let count = 0;
async function merge(recipe: Record<string, unknown>) {
  const made = await plan(registry, recipe);
  const out = join(root, `out-${count++}`);
  await executeMerge({ ...made, out, registry, workers: 1 });
  const { tensors } = await readSafetensors(join(out, 'model.safetensors'));
  const values = Object.fromEntries([...tensors].map(([name, { data, dtype }]) => [name, [...toFloat32(data, dtype)]]));
  return { ...made, out, values };
}

describe('heads', () => {
  test('the same labels in another order are aligned by name', async () => {
    const a = await writeModel(root, {
      name: 'a',
      tensors: { ...trunk(1), ...head(1, 2) },
      config: labels('no', 'yes'),
    });
    const b = await writeModel(root, {
      name: 'b',
      tensors: { ...trunk(3), ...head(8, 9) },
      config: labels('yes', 'no'),
    });
    const { values } = await merge({ merge_method: 'linear', models: [a, b] });
    expect(values['classifier.weight']).toEqual([(1 + 9) / 2, (2 + 8) / 2]);
    expect(values['classifier.bias']).toEqual([(0.5 + 4.5) / 2, (1 + 4) / 2]);
    expect(values['tiny.layer.0.weight']).toEqual([2, 4]);
  });

  test('the config names the rows of the merged head, although its donor, the base, has them in another order', async () => {
    const write = (name: string, weights: readonly [number, number], ...names: string[]) =>
      writeModel(root, { name, tensors: { ...trunk(1), ...head(...weights) }, config: labels(...names) });
    const base = await write('ob', [10, 20], 'yes', 'no');
    const models = [await write('o1', [24, 12], 'no', 'yes'), await write('o2', [14, 22], 'yes', 'no')];
    const recipe = { merge_method: 'task_arithmetic', base_model: base, models, parameters: { lambda: 1 } };
    const { values, plan: made } = await merge(recipe);
    const config = { ...made.inputs[made.donor], ...made.config } as { id2label?: Record<string, string> };
    const byName = Object.fromEntries(
      Object.entries(config.id2label ?? { 0: 'yes', 1: 'no' }).map(([row, name]) => [
        name,
        values['classifier.weight']?.[Number(row)],
      ]),
    );
    expect(byName).toEqual({ yes: 10 + 2 + 4, no: 20 + 4 + 2 });
  });

  test('a base with labels of its own does not name those of the models', async () => {
    const write = (name: string, weights: number[], names: string[]) =>
      writeModel(root, { name, tensors: { ...trunk(1), ...head(...weights) }, config: labels(...names) });
    const base = await write('fb', [1, 2], ['LABEL_0', 'LABEL_1']);
    const names = ['a', 'b', 'c'];
    const models = [await write('f1', [1, 2, 3], names), await write('f2', [3, 4, 5], names)];
    const { plan: made } = await merge({ merge_method: 'task_arithmetic', base_model: base, models });
    expect(made.config).toMatchObject({ id2label: { 0: 'a', 1: 'b', 2: 'c' }, label2id: { a: 0, b: 1, c: 2 } });
  });

  test('models whose labels are named are aligned with each other by name, one without names by position', async () => {
    const write = (name: string, weights: number[], names: string[]) =>
      writeModel(root, { name, tensors: { ...trunk(1), ...head(...weights) }, config: labels(...names) });
    const models = [
      await write('n0', [1, 2], ['LABEL_0', 'LABEL_1']),
      await write('n1', [3, 6], ['no', 'yes']),
      await write('n2', [9, 5], ['yes', 'no']),
    ];
    const { values, plan: made } = await merge({ merge_method: 'linear', models });
    expect(values['classifier.weight']).toEqual([(1 + 3 + 5) / 3, (2 + 6 + 9) / 3].map(Math.fround));
    expect(made.config).toMatchObject({ id2label: { 0: 'no', 1: 'yes' } });
    expect(made.warnings.join()).toMatch(
      /n0: labels LABEL_0\.\.\. prove nothing; its head is aligned with .*n1 by position/,
    );
  });

  test('LABEL_0 names prove nothing: by position, with a warning', async () => {
    const named = ['LABEL_0', 'LABEL_1'];
    const a = await writeModel(root, { name: 'la', tensors: { ...trunk(1), ...head(1, 2) }, config: labels(...named) });
    const b = await writeModel(root, { name: 'lb', tensors: { ...trunk(3), ...head(3, 4) }, config: labels(...named) });
    const { values, plan: made } = await merge({ merge_method: 'linear', models: [a, b] });
    expect(values['classifier.weight']).toEqual([2, 3]);
    expect(made.warnings.join()).toContain('by position');
  });

  test('different labels: the trunk is merged, each head is kept beside it with its labels', async () => {
    const a = await writeModel(root, {
      name: 'mail',
      tensors: { ...trunk(1), ...head(1, 2) },
      config: labels('a', 'b'),
    });
    const b = await writeModel(root, {
      name: 'news',
      tensors: { ...trunk(3), ...head(5, 6) },
      config: labels('c', 'd'),
    });
    const { values, plan: made, out } = await merge({ merge_method: 'linear', models: [a, b] });
    expect(Object.keys(values)).toEqual(['tiny.layer.0.weight']);
    expect(made.config).toMatchObject({ architectures: ['TinyModel'] });
    const kept = await readSafetensors(join(out, 'heads/news.safetensors'));
    expect(JSON.parse(kept.metadata.labels ?? '')).toEqual(['c', 'd']);
    expect([...kept.tensors.keys()].sort()).toEqual(['classifier.bias', 'classifier.weight']);
  });

  test('heads: merge aligns heads of other labels by position and says so', async () => {
    const models = [join(root, 'mail'), join(root, 'news')];
    const { values, plan: made } = await merge({ merge_method: 'linear', heads: 'merge', models });
    expect(values['classifier.weight']).toEqual([3, 4]);
    expect(made.warnings.join()).toContain('by position');
  });
});

describe('alignment by meaning', () => {
  test('a base without head and prefix, in legacy names, serves its fine-tunes; their heads are averaged', async () => {
    const base = await writeModel(root, {
      name: 'bare',
      tensors: {
        ...trunk(1, ''),
        'emb.LayerNorm.gamma': { shape: [1], values: [7] },
        pooler: { shape: [1], values: [0] },
      },
      config: { architectures: ['TinyModel'] },
    });
    const tune = (name: string, value: number) =>
      writeModel(root, {
        name,
        tensors: { ...trunk(value), ...head(value, 0), 'tiny.emb.LayerNorm.weight': { shape: [1], values: [value] } },
        config: labels('x', 'y'),
      });
    const models = [await tune('t1', 2), await tune('t2', 4)];
    const { values, plan: made } = await merge({
      merge_method: 'task_arithmetic',
      base_model: base,
      models,
      parameters: { lambda: 0.5 },
    });
    expect(values['tiny.layer.0.weight']).toEqual([1 + 0.5 * (1 + 3), 2 + 0.5 * (2 + 6)]);
    expect(values['tiny.emb.LayerNorm.weight']).toEqual([7 + 0.5 * (-5 - 3)]);
    expect(values['classifier.weight']).toEqual([3, 0]);
    expect(made.inputs[made.donor]?.name).toBe(models[0]);
    expect(made.dropped).toMatchObject([{ name: 'pooler' }]);
    expect(made.tensors.find(({ name }) => name === 'classifier.bias')?.note).toBe('the base lacks it');
  });

  test.each([
    ['tiny', 'tiny.layer.0.weight'],
    ['llama', 'model.layers.0.norm.weight'],
  ])(
    'a %s model that was saved inside its wrappers is aligned, and the result is not wrapped',
    async (model_type, name) => {
      const write = (folder: string, wrapper: string, value: number) =>
        writeModel(root, {
          name: folder,
          tensors: { [`${wrapper}${name}`]: { shape: [2], values: [value, -value] } },
          config: { model_type, architectures: ['Tiny'] },
        });
      const models = [
        await write('dp', 'module.', 1),
        await write('plain', '', 3),
        await write('both', 'module._orig_mod.', 5),
      ];
      const { values } = await merge({ merge_method: 'linear', models });
      expect(values).toEqual({ [name]: [3, -3] });
    },
  );

  test('a base that is read for several parts of the result is counted once', async () => {
    const write = (name: string, value: number) => writeModel(root, { name, tensors: trunk(value) });
    const [base_model, ...models] = [await write('eb', 1), await write('e1', 2), await write('e2', 3)];
    const made = await plan(registry, { merge_method: 'emr', base_model, models });
    expect(made.plan.inputs.map(({ bytes }) => bytes)).toEqual([8, 8, 8]);
  });

  test('integer tensors are copied, and a model that lacks a tensor leaves it unchanged', async () => {
    const ids = { ids: { shape: [2], values: [4, 5], dtype: 'I64' } } as const;
    const base = await writeModel(root, {
      name: 'ib',
      tensors: { ...trunk(1), ...ids, 'tiny.extra': { shape: [1], values: [2] } },
    });
    const a = await writeModel(root, {
      name: 'ia',
      tensors: { ...trunk(2), ...ids, 'tiny.extra': { shape: [1], values: [5] } },
    });
    const b = await writeModel(root, { name: 'ic', tensors: { ...trunk(3), ...ids } });
    const { values, plan: made } = await merge({ merge_method: 'task_arithmetic', base_model: base, models: [a, b] });
    expect(values['tiny.extra']).toEqual([5]);
    expect(values.ids).toEqual([4, 5]);
    expect(made.warnings.join()).toContain('not in every model');
  });

  test('a head that the base alone stores stays where models of its class tie it, and goes with models of another class', async () => {
    const model_type = 'llama';
    const embeddings = (value: number) => ({ 'model.embed_tokens.weight': { shape: [2], values: [value, -value] } });
    const causal = { model_type, architectures: ['LlamaForCausalLM'] };
    const head = { 'lm_head.weight': { shape: [2], values: [8, 8] } };
    const base_model = await writeModel(root, {
      name: 'untied',
      tensors: { ...embeddings(1), ...head },
      config: { ...causal, tie_word_embeddings: false },
    });
    const write = (name: string, config: Record<string, unknown>) =>
      writeModel(root, { name, tensors: embeddings(3), config });
    const tied = await write('tied', { ...causal, tie_word_embeddings: true });
    const recipe = { merge_method: 'task_arithmetic', base_model, parameters: { weight: 0.5 } };
    const { values, plan: made } = await merge({ ...recipe, models: [tied] });
    expect(values).toEqual({
      'model.embed_tokens.weight': [2, -2],
      'lm_head.weight': [8 + (3 - 8) / 2, 8 + (-3 - 8) / 2],
    });
    expect(made.dropped).toEqual([]);

    const other = await write('classifier', { model_type, architectures: ['LlamaForSequenceClassification'] });
    const { values: without } = await merge({ ...recipe, models: [other] });
    expect(Object.keys(without)).toEqual(['model.embed_tokens.weight']);
  });

  test('excluded tensors come from the base', async () => {
    const base = join(root, 'ib');
    const { values } = await merge({
      merge_method: 'pcb',
      base_model: base,
      models: [join(root, 'ia'), join(root, 'ia')],
      parameters: { exclude: ['extra'] },
    });
    expect(values['tiny.extra']).toEqual([2]);
  });
});
