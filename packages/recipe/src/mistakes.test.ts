import { describe, expect, test } from 'vitest';
import { read, refusal } from '../test/reading.ts';
import { recipeError } from './recipe-error.ts';

describe('mistakes are refused with place, reason and advice', () => {
  const linear = 'merge_method: linear\nmodels:\n  - {model: a/b, parameters: {weight: 1}}\n  - c/d\n';
  const both = (parameters: string) => `merge_method: linear\nmodels: [a/b, c/d]\nparameters: ${parameters}\n`;
  const ties = (parameters: string) =>
    `merge_method: ties\nbase_model: a/base\nmodels:\n  - {model: a/b, parameters: ${parameters}}\n`;
  const pcb = (parameters: string) =>
    `{merge_method: pcb, base_model: a/base, models: [a/b], parameters: ${parameters}}`;
  const top = (line: string) => `merge_method: linear\nmodels: [a/b]\n${line}\n`;
  test.each<[name: string, text: string, code: string, path: string, mentions: string[]]>([
    ['an unknown key', top('notes: x'), 'unknown-key', 'notes', ['3:1', 'notes']],
    ['a misspelt key', top('out_dtyp: float32'), 'unknown-key', 'out_dtyp', ['did you mean out_dtype?']],
    ['a parameter at the top', top('weight: 1'), 'unknown-key', 'weight', ['parameters', 'one level too high']],
    [
      'a parameter beside the model',
      'merge_method: linear\nmodels:\n  - model: a/b\n    weight: 1\n',
      'unknown-key',
      'models[0].weight',
      ['4:5', 'parameters'],
    ],
    ['a misspelt parameter', both('{wieght: 1}'), 'unknown-parameter', 'parameters.wieght', ['did you mean weight?']],
    [
      "another method's parameter",
      both('{t: 1}'),
      'unknown-parameter',
      'parameters.t',
      ['linear has no parameter "t"', 'slerp', 'weight and normalize'],
    ],
    [
      'a parameter that a name of the language could be taken for',
      both('{constructor: 1}'),
      'unknown-parameter',
      'parameters.constructor',
      ['constructor'],
    ],
    ['an unknown method', 'merge_method: tis\nmodels: [a/b]', 'unknown-method', 'merge_method', ['mean ties?', 'pcb']],
    [
      'a method of a plugin',
      '{merge_method: median, models: [a/b, c/d]}',
      'unknown-method',
      'merge_method',
      ['--plugin'],
    ],
    ['no method', 'models: [a/b]', 'missing-key', 'merge_method', ['linear, masks, pcb']],
    ['a method of mergekit', '{merge_method: karcher, models: [a/b, c/d]}', 'unknown-method', 'merge_method', ['yet']],
    ['fp32', top('dtype: fp32'), 'unknown-dtype', 'dtype', ['fp32', 'did you mean float32?']],
    ['bf16', top('out_dtype: bf16'), 'unknown-dtype', 'out_dtype', ['did you mean bfloat16?']],
    ['an integer type', top('dtype: torch.int64'), 'unknown-dtype', 'dtype', ['int64', 'integer']],
    ['a density above one', ties('{density: 1.7}'), 'out-of-range', 'models[0].parameters.density', ['1.7', '0.17']],
    ['a density in percent', ties('{density: 20}'), 'out-of-range', 'models[0].parameters.density', ['0.2 (20 %)']],
    ['a density of zero', ties('{density: 0}'), 'out-of-range', 'models[0].parameters.density', ['(0, 1]']],
    [
      'a clamp above its interval',
      pcb('{ratio: 0.1, clamp: 0.7, scope: model}'),
      'out-of-range',
      'parameters.clamp',
      ['clamp is 0.7, outside [0, 0.5]', 'clamp must be in [0, 0.5]'],
    ],
    ['a negative density', ties('{density: -0.2}'), 'out-of-range', 'models[0].parameters.density', ['-0.2']],
    [
      'a gradient that ends outside',
      ties('{density: [0.8, 0]}'),
      'out-of-range',
      'models[0].parameters.density',
      ['last layer'],
    ],
    [
      'a gradient that starts outside',
      ties('{density: [1.2, 0.4]}'),
      'out-of-range',
      'models[0].parameters.density',
      ['first layer'],
    ],
    ['an empty gradient', both('{weight: []}'), 'wrong-type', 'parameters.weight', ['at least one']],
    ['a text as number', both('{weight: heavy}'), 'wrong-type', 'parameters.weight', ['number', '"heavy"']],
    ['a number as boolean', both('{normalize: 2}'), 'wrong-type', 'parameters.normalize', ['true or false']],
    ['a text as boolean', both('{normalize: "never"}'), 'wrong-type', 'parameters.normalize', ['true or false']],
    ['a list of pairs', both('{weight: [[1]]}'), 'wrong-type', 'parameters.weight[0]', ['a number']],
    [
      'an unknown key of a filter',
      both('{weight: [{filtre: a, value: 1}]}'),
      'unknown-key',
      'parameters.weight[0].filtre',
      ['did you mean filter?'],
    ],
    ['a filter without value', both('{weight: [{filter: a}]}'), 'missing-key', 'parameters.weight[0]', ['value']],
    ['not a number', both('{weight: .nan}'), 'out-of-range', 'parameters.weight', ['.nan', 'finite']],
    ['infinity in a gradient', both('{weight: [1, .inf]}'), 'out-of-range', 'parameters.weight[1]', ['.inf', 'finite']],
    ['weights for some models', linear, 'parameter-missing', 'models[1].parameters.weight', ['c/d', '4:5']],
    [
      'weights that cancel',
      'merge_method: linear\nmodels: [{model: a/b, parameters: {weight: 1}}, {model: c/d, parameters: {weight: -1}}]',
      'weights-cancel',
      'models[*].parameters.weight',
      ['sum to 0', 'normalize: false'],
    ],
    ['weights of zero', both('{weight: 0}'), 'weights-cancel', 'models[*].parameters.weight', ['0, 0']],
    ['a base that is missing', '{merge_method: ties, models: [a/b]}', 'base-missing', 'base_model', ['ties']],
    [
      'a base that is not used',
      '{merge_method: linear, base_model: a/base, models: [a/b]}',
      'base-unused',
      'base_model',
      ['linear', 'a/base', 'models'],
    ],
    [
      'only the base, of a method that takes so many models and no more',
      '{merge_method: pcb, base_model: a/b, models: [a/b], parameters: {ratio: 0.1}}',
      'model-count',
      'models',
      ['pcb takes base_model and at least 1 other model; the recipe names 0'],
    ],
    ['only the base', '{merge_method: ties, base_model: a/b, models: [a/b]}', 'model-count', 'models', ['at least 1']],
    ['models and slices', top('slices: []'), 'contradiction', 'models / slices', ['models', 'slices']],
    ['no models', 'merge_method: linear', 'missing-key', 'models', ['models, slices and modules']],
    ['an empty list', '{merge_method: linear, models: []}', 'missing-key', 'models', ['no models']],
    ['a list', '- merge_method: linear', 'wrong-type', 'document', ['mapping', 'a list']],
    ['a text', 'linear', 'wrong-type', 'document', ['mapping', 'linear']],
    ['nothing', '# later\n', 'empty', 'document', ['empty']],
    ['a key twice', top('seed: 1\nseed: 2'), 'duplicate-key', 'seed', ['twice', '4:1']],
    ['broken YAML', 'models: [a', 'yaml', 'document', ['YAML']],
    ['two revisions', top('').replace('a/b', 'a/b@v1@v2'), 'bad-reference', 'models[0]', ['@']],
    ['a dataset as model', top('').replace('a/b', 'datasets/a/b'), 'bad-reference', 'models[0]', ['a dataset']],
    [
      'a model without model',
      '{merge_method: linear, models: [{parameters: {}}]}',
      'missing-key',
      'models[0]',
      ['model'],
    ],
    ['a fraction as seed', top('seed: 1.5'), 'wrong-type', 'seed', ['whole number']],
    ['a negative seed', top('seed: -1'), 'wrong-type', 'seed', ['from 0']],
    ['an unknown treatment of heads', top('heads: keap'), 'unknown-value', 'heads', ['did you mean keep?']],
    [
      'a gate on the base of a method without one',
      top('evaluate: {task: text-classification, datasets: [{name: x, dev: x}]}\npublish: {hub: a/b, if: mean > base}'),
      'gate',
      'publish.if',
      ['linear uses no base', 'best_parent'],
    ],
    ['a list as name', top('name: [a]'), 'wrong-type', 'name', ['a list']],
    [
      'a value for the whole merge at a model',
      ties('{lambda: 1}'),
      'parameter-level',
      'models[0].parameters.lambda',
      ['whole merge', 'top level'],
    ],
    [
      'a form that is misspelt',
      pcb('{ratio: 0.1, form: referenc}'),
      'unknown-value',
      'parameters.form',
      ['mean reference?'],
    ],
    [
      'a parameter without meaning in its scope',
      '{merge_method: ties, base_model: a/base, models: [a/b], parameters: {merge: sum}}',
      'parameter-condition',
      'parameters.merge',
      ['scope: tensor', 'scope: model'],
    ],
    [
      'a gradient of a whole-model threshold',
      pcb('{ratio: [0.1, 0.2]}'),
      'per-tensor',
      'parameters.ratio',
      ['scope: tensor'],
    ],
    [
      'a filter of a whole-model threshold',
      pcb('{ratio: [{filter: a, value: 0.2}]}'),
      'per-tensor',
      'parameters.ratio',
      ['filters'],
    ],
    ['a gradient of a flag', both('{normalize: [yes, no]}'), 'wrong-type', 'parameters.normalize', ['true or false']],
  ])('%s', (_, text, code, path, mentions) => {
    const error = refusal(text);
    expect(error.code).toBe(`recipe/${code}`);
    expect(error.place?.path).toBe(path);
    expect(error.place?.line).toBeGreaterThan(0);
    expect(error.message).toMatch(/^recipe\.yaml:\d+:\d+ /);
    for (const mention of mentions) expect(error.message).toContain(mention);
  });

  test('a misspelt key is one mistake: what it would have said is not missed as well', () => {
    for (const text of [
      'merge_metod: linear\nmodels: [a/b]',
      'merge_method: linear\nmodles: [a/b]',
      '{merge_method: ties, base_modle: a/b, models: [c/d]}',
      '{merge_method: linear, models: [a/b], evaluate: {taks: x, datasets: [{name: x, dev: x, text: y}]}}',
      '{merge_method: linear, models: [a/b], publish: {hubb: a/b}}',
      '{merge_method: linear, models: [{modle: a/b}]}',
    ]) {
      expect(refusal(text).findings.map(({ code }) => code)).toEqual(['recipe/unknown-key']);
    }
  });

  test('what holds for every tensor alike is no filter', () => {
    expect(read(pcb('{ratio: [{value: 0.2}, {filter: a, value: 0.3}]}')).parameters.ratio).toEqual({
      kind: 'constant',
      value: 0.2,
    });
    expect(read(pcb('{ratio: [0.2]}')).parameters.ratio).toEqual({ kind: 'constant', value: 0.2 });
    expect(read(pcb('{ratio: {filter: "*", value: 0.2}, scope: model}')).parameters.ratio).toMatchObject({
      value: 0.2,
    });
    expect(read(pcb('{ratio: [0.1, 0.2], scope: tensor}')).parameters.ratio).toMatchObject({ kind: 'gradient' });
  });

  test('a list of names is one value, not a list of filters', () => {
    expect(read(pcb('{exclude: [embeddings, LayerNorm]}')).parameters.exclude).toEqual({
      kind: 'constant',
      value: ['embeddings', 'LayerNorm'],
    });
    expect(read(pcb('{exclude: embeddings}')).parameters.exclude).toMatchObject({ value: ['embeddings'] });
  });

  test('a token anywhere in the text is refused and not repeated, since recipes are published', () => {
    for (const text of [
      top(`token: hf_${'x1Y'.repeat(12)}`),
      `# hf_${'x1Y'.repeat(12)}\n`,
      `"hf_${'x1Y'.repeat(12)}`,
    ]) {
      const error = refusal(text);
      expect(error.code).toBe('recipe/secret');
      expect(JSON.stringify([error.message, error.toJSON()])).not.toContain('x1Y');
    }
  });

  test('several mistakes come in one error, in the order of the text', () => {
    const error = refusal('merge_method: linear\nmodels: [a/b@1@2]\nparameters: {wieght: 1}\nnotes: x\ndtype: fp32\n');
    expect(error.findings.map((finding) => finding.place?.path)).toEqual([
      'models[0]',
      'parameters.wieght',
      'notes',
      'dtype',
    ]);
    for (const finding of error.findings.slice(1)) expect(error.message).toContain(finding.summary);
  });
});

test('errors name no lines of a text that was made of something else', () => {
  const generated = { file: 'command line', generated: true };
  const { message } = refusal('{merge_method: tis, models: [a/b]}', generated);
  expect(message).toContain('command line merge_method: ');
  expect(message).not.toMatch(/:\d+/);
  const recipe = read('{merge_method: linear, models: [a/b, c/d]}', generated);
  const late = recipeError({ recipe, path: 'models[0]', code: 'recipe/late', message: 'm' });
  expect(late.message).toContain('command line models[0]: m');
});
