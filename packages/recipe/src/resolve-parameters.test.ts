import { describe, expect, test } from 'vitest';
import { read, refused } from '../test/reading.ts';
import { methodNamed } from '../test/registry.ts';
import { requireBase } from './require-base.ts';
import { methodOptions, resolveParameters, type TensorPlace } from './resolve-parameters.ts';
import { layerDepth } from './setting.ts';

const LAYERS = 2;
const NAMES = ['self_attn.q_proj', 'mlp.up_proj'];

/** The tensors of a small language model: embeddings, two layers, head. */
function tensorsOf(models: number): TensorPlace[] {
  const place = (name: string, layer?: number): TensorPlace => ({
    name,
    layer,
    depth: layerDepth({ layer, layers: LAYERS }),
    models: Array.from({ length: models }, (_, index) => ({ index, name })),
  });
  const layers = [0, 1].flatMap((layer) => NAMES.map((name) => place(`model.layers.${layer}.${name}.weight`, layer)));
  return [place('model.embed_tokens.weight'), ...layers, place('lm_head.weight')];
}

function resolve(text: string) {
  const recipe = read(text);
  return resolveParameters({ recipe, method: methodNamed(recipe.method), tensors: tensorsOf(recipe.models.length) });
}

const linear = (a: string, b: string, top = '{}') =>
  `merge_method: linear\nmodels:\n  - {model: a/a, parameters: ${a}}\n  - {model: b/b, parameters: ${b}}\nparameters: ${top}\n`;

describe('values per tensor', () => {
  test("a model's own value comes before the top level's, that before the default", () => {
    const [first] = resolve(linear('{weight: 0.7}', '{}', '{weight: 0.2, normalize: no}'));
    expect(first).toEqual({ global: { normalize: false }, models: [{ weight: 0.7 }, { weight: 0.2 }] });
  });

  test('a switch may differ between tensors', () => {
    const resolved = resolve(
      linear('{weight: 1}', '{weight: 1}', '{normalize: [{filter: mlp, value: no}, {value: yes}]}'),
    );
    expect(resolved.map(({ global }) => global.normalize)).toEqual([true, true, false, true, false, true]);
  });

  test('where no filter matches the next level is asked', () => {
    const resolved = resolve(linear('{weight: [{filter: mlp, value: 0.9}]}', '{}', '{weight: 0.4}'));
    expect(resolved.map(({ models }) => models[0]?.weight)).toEqual([0.4, 0.4, 0.9, 0.4, 0.9, 0.4]);
    expect(resolved.map(({ models }) => models[1]?.weight)).toEqual([0.4, 0.4, 0.4, 0.4, 0.4, 0.4]);
  });

  test('a lone filter object is a list of one', () => {
    const resolved = resolve(linear('{weight: {filter: mlp, value: 0.9}}', '{weight: {value: 0.6}}', '{weight: 0.4}'));
    expect(resolved[2]?.models).toEqual([{ weight: 0.9 }, { weight: 0.6 }]);
    expect(resolved[0]?.models).toEqual([{ weight: 0.4 }, { weight: 0.6 }]);
  });

  test('tensors outside the stack take the first value of a gradient', () => {
    const resolved = resolve(linear('{weight: [0, 1]}', '{weight: [1, 0.5]}'));
    expect(resolved.map(({ models }) => models.map(({ weight }) => weight))).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
      [1, 0.5],
      [1, 0.5],
      [0, 1],
    ]);
  });

  test('no weight anywhere means 1 for every model', () => {
    for (const { models } of resolve('{merge_method: linear, models: [a/a, b/b]}')) {
      expect(models).toEqual([{ weight: 1 }, { weight: 1 }]);
    }
  });

  test("values of models are looked up by the model's name of a tensor, those of the merge by the output's", () => {
    const recipe = read(`
merge_method: task_arithmetic
base_model: a/base
models: [{model: a/a, parameters: {weight: [{filter: roberta, value: 2}, {value: 1}]}}, a/b]
parameters: {weight: 1, lambda: [{filter: roberta, value: 9}, {value: 0.5}]}
`);
    const owners = [
      { index: 0, name: 'roberta.x' },
      { index: 1, name: 'bert.x' },
    ];
    const tensors = [{ name: 'bert.x', depth: 0, models: owners }];
    const [resolved] = resolveParameters({ recipe, method: methodNamed(recipe.method), tensors });
    expect(resolved?.models.map(({ weight }) => weight)).toEqual([2, 1]);
    expect(resolved?.global.lambda).toBe(0.5);
  });

  test('a model that lacks a tensor has no entry', () => {
    const recipe = read('{merge_method: linear, models: [a/a, b/b, c/c], parameters: {weight: 1}}');
    const tensors = [{ name: 'x', depth: 0, models: [{ index: 2, name: 'x' }] }];
    expect(resolveParameters({ recipe, method: methodNamed('linear'), tensors })[0]?.models).toEqual([{ weight: 1 }]);
  });

  test('parameters of the other scope and those that the form decides are left out', () => {
    const ties = 'merge_method: ties, base_model: a/base, models: [a/a]';
    expect(resolve(`{${ties}, parameters: {scope: model}}`)[0]?.global).toMatchObject({ merge: 'mean' });
    expect(resolve(`{${ties}, parameters: {scope: model}}`)[0]?.global).not.toHaveProperty('normalize');
    expect(resolve(`{${ties}}`)[0]?.global).not.toHaveProperty('merge');
    const pcb = 'merge_method: pcb, base_model: a/base, models: [a/a]';
    expect(resolve(`{${pcb}}`)[0]?.global).not.toHaveProperty('clamp');
    expect(resolve(`{${pcb}, parameters: {clamp: 0}}`)[0]?.global).toMatchObject({ clamp: 0 });
  });
});

describe('values that hold for the whole model', () => {
  test('make the options of the program', () => {
    const recipe = read(
      '{merge_method: pcb, base_model: a/base, models: [a/a, a/b], parameters: {ratio: 0.2, exclude: [head]}}',
    );
    expect(methodOptions({ recipe, method: methodNamed('pcb') })).toEqual({
      models: 2,
      parameters: { form: 'reference', scope: 'model', ratio: 0.2, exclude: ['head'] },
      modelParameters: [{}, {}],
    });
  });

  test('include thresholds per model with scope: model, and not with scope: tensor', () => {
    const ties = (scope: string) =>
      read(`
merge_method: ties
base_model: a/base
models: [{model: a/a, parameters: {density: 0.3}}, a/b]
parameters: {scope: ${scope}}
`);
    const options = (scope: string) => methodOptions({ recipe: ties(scope), method: methodNamed('ties') });
    expect(options('model').modelParameters.map(({ density }) => density)).toEqual([0.3, 1]);
    expect(options('tensor').modelParameters).toEqual([{}, {}]);
  });
});

describe('what only the tensors show is refused with the first of them', () => {
  test('weights that cancel in one layer', () => {
    const error = refused(() => resolve(linear('{weight: [1, 0.5]}', '{weight: [1, -0.5]}')));
    expect(error.code).toBe('recipe/weights-cancel');
    expect(error.where).toContain('models[*].parameters.weight');
    for (const word of ['2 tensors', 'layers.1.self_attn', '(layer 1)', '0.5, -0.5', 'normalize: false']) {
      expect(error.message).toContain(word);
    }
  });

  test('weights that cancel but for rounding', () => {
    const error = refused(() =>
      resolve(`
merge_method: linear
models:
  - {model: a/a, parameters: {weight: [{filter: lm_head, value: 0.1}, {value: 1}]}}
  - {model: b/b, parameters: {weight: 0.2}}
  - {model: c/c, parameters: {weight: -0.3}}
`),
    );
    expect(error.message).toContain('the tensor lm_head.weight');
  });

  test('weights that cancel are fine where nothing is divided', () => {
    expect(resolve(linear('{weight: [1, 0.5]}', '{weight: [1, -0.5]}', '{normalize: no}'))).toHaveLength(6);
  });

  test('filters that leave tensors of a model without a weight', () => {
    const filters = '{weight: [{filter: mlp, value: 1}, {filter: self_attn, value: 1}]}';
    const error = refused(() => resolve(linear('{weight: 1}', filters)));
    expect(error.code).toBe('recipe/parameter-missing');
    expect(error.place).toMatchObject({ path: 'models[1].parameters.weight', line: 4 });
    for (const word of ['b/b', 'weight', '2 tensors', 'model.embed_tokens.weight']) {
      expect(error.message).toContain(word);
    }
  });

  test('a parameter with a default of its own fills the gaps of its filters', () => {
    const models = '[{model: a/a, parameters: {density: [{filter: mlp, value: 0.5}]}}]';
    const resolved = resolve(`{merge_method: ties, base_model: a/base, models: ${models}}`);
    expect(resolved.map((values) => values.models[0]?.density)).toEqual([1, 1, 0.5, 1, 0.5, 1]);
  });

  test('a gradient behind a filter that leaves the range', () => {
    const models = '[{model: a/a, parameters: {density: [{filter: mlp, value: [0.8, 0]}]}}]';
    const error = refused(() => resolve(`{merge_method: ties, base_model: a/base, models: ${models}}`));
    expect(error.code).toBe('recipe/out-of-range');
    for (const word of ['density is 0', 'a/a', 'model.layers.1.mlp.up_proj.weight', '(layer 1)', '(0, 1]']) {
      expect(error.message).toContain(word);
    }
  });

  test('a middle value that no layer meets does no harm', () => {
    const models = '[{model: a/a, parameters: {density: [0.5, 0, 0.5]}}]';
    const resolved = resolve(`{merge_method: ties, base_model: a/base, models: ${models}}`);
    expect(resolved.every((values) => values.models[0]?.density === 0.5)).toBe(true);
  });

  test('everything at once, each with its count', () => {
    const filters = '[{filter: mlp, value: 1}]';
    const error = refused(() => resolve(linear(`{weight: ${filters}}`, `{weight: ${filters}}`)));
    expect(error.findings.map(({ place }) => place?.path)).toEqual([
      'models[0].parameters.weight',
      'models[1].parameters.weight',
    ]);
  });
});

test('a base that is missing is asked for with what the cards propose', () => {
  const recipe = read('{merge_method: ties, models: [a/x, a/y]}', { base: 'later' });
  const method = methodNamed('ties');
  const proposal = { base: 'a/base', namedBy: ['a/x', 'a/y'] };
  const error = refused(() => requireBase({ recipe, method, proposal }));
  expect(error).toMatchObject({ code: 'recipe/base-missing', place: { path: 'base_model', file: 'recipe.yaml' } });
  for (const word of ['ties', 'base_model: a/base', 'a/x, a/y']) expect(error.message).toContain(word);
  expect(refused(() => requireBase({ recipe, method })).message).toContain('base_model');
  requireBase({ recipe: read('{merge_method: linear, models: [a/x]}'), method: methodNamed('linear') });
});
