import { describe, expect, test } from 'vitest';
import { read, refusal } from '../test/reading.ts';

const EXAMPLE = `
name: support-intents
merge_method: pcb
base_model: https://huggingface.co/hubfuse-examples/intents-base
models:
  - https://huggingface.co/hubfuse-examples/intents-money          # a bare string is a model
  - {model: hubfuse-examples/intents-home@main, parameters: {lambda: 1.1}}
parameters: {ratio: 0.1}
out_dtype: bfloat16
seed: 7
evaluate:
  task: text-classification
  metric: accuracy
  datasets:
    - {name: money, dev: data/money.dev.jsonl, test: data/money.test.jsonl, text: text, label: label}
    - {name: home, from: hubfuse-examples/clinc150, dev: home/dev.jsonl, test: home/test.jsonl, domain: in}
publish:
  hub: {repo: you/support-intents, as: pull_request}
  if: mean > best_parent and mean > base
`;

describe('a recipe is read into plain data', () => {
  test('with everything that the first example says', () => {
    const { source, ...recipe } = read(EXAMPLE);
    expect(JSON.parse(JSON.stringify(recipe))).toEqual({
      name: 'support-intents',
      method: 'pcb',
      base: {
        text: 'https://huggingface.co/hubfuse-examples/intents-base',
        reference: {
          kind: 'hub',
          repo: 'hubfuse-examples/intents-base',
          reference: 'https://huggingface.co/hubfuse-examples/intents-base',
        },
        parameters: {},
        path: 'base_model',
        entry: 'base_model',
      },
      models: [
        {
          text: 'https://huggingface.co/hubfuse-examples/intents-money',
          reference: {
            kind: 'hub',
            repo: 'hubfuse-examples/intents-money',
            reference: 'https://huggingface.co/hubfuse-examples/intents-money',
          },
          parameters: {},
          path: 'models[0]',
          entry: 'models[0]',
        },
        {
          text: 'hubfuse-examples/intents-home@main',
          reference: {
            kind: 'hub',
            repo: 'hubfuse-examples/intents-home',
            revision: 'main',
            reference: 'hubfuse-examples/intents-home@main',
          },
          parameters: { lambda: { kind: 'constant', value: 1.1 } },
          path: 'models[1].model',
          entry: 'models[1]',
        },
      ],
      parameters: { ratio: { kind: 'constant', value: 0.1 } },
      outDtype: 'bfloat16',
      seed: 7,
      evaluate: {
        task: 'text-classification',
        metric: 'accuracy',
        keepExamples: false,
        datasets: [
          {
            name: 'money',
            dev: { kind: 'local', path: 'data/money.dev.jsonl' },
            test: { kind: 'local', path: 'data/money.test.jsonl' },
            columns: { text: 'text', label: 'label' },
            domain: 'in',
            path: 'evaluate.datasets[0]',
          },
          {
            name: 'home',
            from: { kind: 'hub', repo: 'hubfuse-examples/clinc150', reference: 'hubfuse-examples/clinc150' },
            dev: { kind: 'hub', repo: 'hubfuse-examples/clinc150', path: 'home/dev.jsonl' },
            test: { kind: 'hub', repo: 'hubfuse-examples/clinc150', path: 'home/test.jsonl' },
            columns: {},
            domain: 'in',
            path: 'evaluate.datasets[1]',
          },
        ],
      },
      publish: {
        hub: { repo: 'you/support-intents', as: 'pull_request', private: false, branch: 'main' },
        others: {},
        gate: {
          text: 'mean > best_parent and mean > base',
          names: ['mean', 'best_parent', 'base'],
          condition: {
            kind: 'and',
            left: {
              kind: 'comparison',
              operator: '>',
              left: { kind: 'name', name: 'mean' },
              right: { kind: 'name', name: 'best_parent' },
            },
            right: {
              kind: 'comparison',
              operator: '>',
              left: { kind: 'name', name: 'mean' },
              right: { kind: 'name', name: 'base' },
            },
          },
        },
      },
      warnings: [],
    });
    expect(source.text).toBe(EXAMPLE);
    expect(source.positions['models[1].parameters.lambda']).toEqual([7, 70]);
  });

  test('the same from JSON', () => {
    const json = {
      merge_method: 'linear',
      models: ['a/b', { model: 'c/d', parameters: {} }],
      parameters: { weight: 2 },
    };
    const recipe = read(JSON.stringify(json, null, '\t'));
    expect(recipe.models.map((model) => model.text)).toEqual(['a/b', 'c/d']);
    expect(recipe.parameters).toEqual({ weight: { kind: 'constant', value: 2 } });
  });

  test("every form of mergekit's model object", () => {
    const recipe = read(`
merge_method: linear
models:
  - model: {model: {path: a/b, revision: v2}}
  - {model: {path: c/d, revision: 1234567}}
  - model: {model: e/f@v3}
  - model: {model: {path: g/h}}
    parameters:
`);
    expect(recipe.models.map(({ reference }) => reference)).toMatchObject([
      { repo: 'a/b', revision: 'v2' },
      { repo: 'c/d', revision: '1234567' },
      { repo: 'e/f', revision: 'v3' },
      { repo: 'g/h' },
    ]);
  });

  test("YAML 1.1's booleans, merge keys and anchors", () => {
    const recipe = read(`
merge_method: "linear"
models:
  - model: a/b
    parameters: &half {weight: 5e-1}
  - {<<: {parameters: {weight: 1e-3}}, model: c/d}
  - {model: e/f, parameters: *half}
parameters: {normalize: off}
...
`);
    const weights = recipe.models.map((model) => model.parameters.weight);
    expect(weights.map((weight) => weight?.kind === 'constant' && weight.value)).toEqual([0.5, 0.001, 0.5]);
    expect(recipe.parameters.normalize).toEqual({ kind: 'constant', value: false });
  });

  test('precision with and without torch in front', () => {
    const text = 'merge_method: linear\nmodels: [a/b]\ndtype: torch.float32\nout_dtype: float16\n';
    expect(read(text)).toMatchObject({ dtype: 'float32', outDtype: 'float16', seed: 0 });
  });

  test('heads, and a key that says nothing counts as absent', () => {
    const recipe = read(
      'merge_method: linear\nmodels: [a/b]\nheads: keep\nbase_model:\nevaluate: null\nparameters: ~\n',
    );
    expect(recipe).toMatchObject({ heads: 'keep', parameters: {} });
    expect(recipe.base ?? recipe.evaluate).toBeUndefined();
  });

  test('the same model twice is two entries', () => {
    expect(read('merge_method: linear\nmodels: [a/b, a/b]').models).toHaveLength(2);
  });
});

describe('the base', () => {
  test('listed among the models of a task-vector method it is no fine-tune and needs no parameters', () => {
    const recipe = read(`
merge_method: ties
base_model: a/base
models: [a/base@main, {model: a/x, parameters: {weight: 1}}]
`);
    expect(recipe.models.map((model) => model.text)).toEqual(['a/x']);
    expect(recipe.models[0]?.entry).toBe('models[1]');
    expect(recipe.warnings).toEqual([]);
  });

  test('listed with parameters that change nothing it gets a warning', () => {
    const listed = '{model: a/base, parameters: {weight: 0.5}}';
    const recipe = read(`{merge_method: ties, base_model: a/base, models: [${listed}, a/x], parameters: {weight: 1}}`);
    expect(recipe.warnings).toMatchObject([{ path: 'models[0].parameters' }]);
    expect(recipe.warnings[0]?.message).toContain('a/base');
  });

  test('listed with a method that uses no base it is merged like the others', () => {
    const recipe = read('{merge_method: linear, base_model: a/base, models: [a/base, a/x]}');
    expect(recipe.models).toHaveLength(2);
    expect(recipe.base?.text).toBe('a/base');
  });

  test('missing, it is left to the caller who asks for that', () => {
    const text = '{merge_method: ties, models: [a/x]}';
    expect(refusal(text).code).toBe('recipe/base-missing');
    expect(read(text, { base: 'later' }).base).toBeUndefined();
  });
});

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
    ['no method', 'models: [a/b]', 'missing-key', 'merge_method', ['linear, pcb']],
    ['a method of mergekit', '{merge_method: karcher, models: [a/b, c/d]}', 'unknown-method', 'merge_method', ['yet']],
    ['fp32', top('dtype: fp32'), 'unknown-dtype', 'dtype', ['fp32', 'did you mean float32?']],
    ['bf16', top('out_dtype: bf16'), 'unknown-dtype', 'out_dtype', ['did you mean bfloat16?']],
    ['an integer type', top('dtype: torch.int64'), 'unknown-dtype', 'dtype', ['int64', 'integer']],
    ['a density above one', ties('{density: 1.7}'), 'out-of-range', 'models[0].parameters.density', ['1.7', '0.17']],
    ['a density in percent', ties('{density: 20}'), 'out-of-range', 'models[0].parameters.density', ['0.2 (20 %)']],
    ['a density of zero', ties('{density: 0}'), 'out-of-range', 'models[0].parameters.density', ['(0, 1]']],
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
    ['a boolean as number', both('{weight: yes}'), 'wrong-type', 'parameters.weight', ['the boolean yes']],
    ['a number as boolean', both('{normalize: 2}'), 'wrong-type', 'parameters.normalize', ['true or false']],
    ['a quoted boolean', both('{normalize: "no"}'), 'wrong-type', 'parameters.normalize', ['remove the quotes']],
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
    ['only the base', '{merge_method: ties, base_model: a/b, models: [a/b]}', 'model-count', 'models', ['at least 1']],
    ['models and slices', top('slices: []'), 'contradiction', 'models / slices', ['models', 'slices']],
    ['no models', 'merge_method: linear', 'nothing-to-merge', 'models', ['models, slices and modules']],
    ['an empty list', '{merge_method: linear, models: []}', 'nothing-to-merge', 'models', ['no models']],
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
    ['a list as name', top('name: [a]'), 'wrong-type', 'name', ['a list']],
    [
      'a value for the whole merge at a model',
      ties('{lambda: 1}'),
      'parameter-level',
      'models[0].parameters.lambda',
      ['whole merge', 'top level'],
    ],
    [
      'a parameter of the other scope',
      pcb('{ratio: 0.1, form: referenc}'),
      'unknown-value',
      'parameters.form',
      ['mean reference?'],
    ],
    [
      'a parameter without meaning in its scope',
      '{merge_method: ties, base_model: a/base, models: [a/b], parameters: {merge: sum}}',
      'parameter-scope',
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
    [
      'a filtered flag',
      both('{normalize: [{filter: a, value: no}]}'),
      'per-tensor',
      'parameters.normalize',
      ['one value'],
    ],
  ])('%s', (_, text, code, path, mentions) => {
    const error = refusal(text);
    expect(error.code).toBe(`recipe/${code}`);
    expect(error.place?.path).toBe(path);
    expect(error.place?.line).toBeGreaterThan(0);
    expect(error.message).toMatch(/^recipe\.yaml:\d+:\d+ /);
    for (const mention of mentions) expect(error.message).toContain(mention);
  });

  test('what holds for every tensor alike is no filter', () => {
    expect(read(pcb('{ratio: [{value: 0.2}, {filter: a, value: 0.3}]}')).parameters.ratio).toEqual({
      kind: 'constant',
      value: 0.2,
    });
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

  test('several mistakes come in one error', () => {
    const error = refusal('merge_method: linear\nmodels: [a/b@1@2]\nparameters: {wieght: 1}\nnotes: x\ndtype: fp32\n');
    expect(error.findings.map((finding) => finding.place?.path)).toEqual([
      'notes',
      'parameters.wieght',
      'models[0]',
      'dtype',
    ]);
    for (const finding of error.findings.slice(1)) expect(error.message).toContain(finding.summary);
  });
});

describe("mergekit's keys that are not done yet", () => {
  const rest = 'merge_method: linear\nmodels: [a/b, c/d]\n';
  test.each([
    ['tokenizer_source: union', 'tokenizer_source'],
    ['tokenizer: {source: base, tokens: {"<x>": {source: {kind: zero}, force: true}}}', 'tokenizer'],
    ['chat_template: chatml', 'chat_template'],
  ])('%s is put off by name', (line, path) => {
    const error = refusal(rest + line);
    expect(error).toMatchObject({ code: 'recipe/not-yet', place: { path, line: 3 } });
  });

  test('slices, modules, adapters and several documents are put off by name', () => {
    const slices = 'slices: [{sources: [{model: a/b, layer_range: [0, 2]}, {model: c/d, layer_range: [1, 3]}]}]';
    const later = [
      `merge_method: linear\n${slices}`,
      `merge_method: linear\nmodules: {default: {models: [a/b], parameters: {weight: 1}}}`,
      '{merge_method: linear, models: [a/b+c/d]}',
      `name: first\n${rest}---\nmerge_method: linear\nmodels: [first, e/f]\n`,
    ];
    expect(later.map((text) => refusal(text)).map(({ code, place }) => [code, place?.path])).toEqual([
      ['recipe/not-yet', 'slices'],
      ['recipe/not-yet', 'modules'],
      ['recipe/not-yet', 'models[0]'],
      ['recipe/not-yet', 'documents'],
    ]);
  });

  const slices = (sources: string) => `merge_method: linear\nslices:\n  - sources: [${sources}]\n`;
  test.each<[name: string, text: string, code: string, path: string, mentions: string[]]>([
    [
      'a range that runs backwards',
      slices('{model: a/b, layer_range: [2, 0]}'),
      'layer-range',
      'slices[0].sources[0].layer_range',
      ['[2, 0]'],
    ],
    [
      'ranges of unequal length',
      slices('{model: a/b, layer_range: [0, 2]}, {model: c/d, layer_range: [0, 1]}'),
      'slice-lengths',
      'slices[0].sources',
      ['2, 1', 'slices[0]'],
    ],
    [
      'a slice without the base',
      '{merge_method: ties, base_model: a/base, slices: [{sources: [{model: a/b, layer_range: [0, 1]}]}]}',
      'slice-without-base',
      'slices[0]',
      ['base_model', 'a/base'],
    ],
    [
      'two tokenizers',
      `${rest}tokenizer_source: base\ntokenizer: {source: union}`,
      'contradiction',
      'tokenizer_source / tokenizer',
      ['use one of the two'],
    ],
    [
      'a token by name and number',
      `${rest}tokenizer: {source: union, tokens: {"<e>": {source: {kind: model_token, model: a/b, token: x, token_id: 2}}}}`,
      'contradiction',
      'tokenizer.tokens.<e>.source',
      ['token_id'],
    ],
    [
      'an unknown chat template',
      `${rest}chat_template: vicuna`,
      'unknown-value',
      'chat_template',
      ['vicuna', 'chatml'],
    ],
    [
      'a module with both',
      'merge_method: linear\nmodules: {m: {models: [a/b], slices: []}}',
      'contradiction',
      'modules.m',
      ['exactly one'],
    ],
    [
      'stages in a circle',
      'name: a\nmerge_method: linear\nmodels: [b]\n---\nname: b\nmerge_method: linear\nmodels: [a]\n',
      'circle',
      'documents',
      ['a -> b -> a'],
    ],
    ['two results', `${rest}---\n${rest}`, 'two-results', 'documents', ['name']],
    [
      'a mistake in a later document',
      `name: a\n${rest}---\nmerge_method: linear\nmodels: [a, e/f]\nnots: 1\n`,
      'unknown-key',
      'documents[1].nots',
      ['7:1'],
    ],
    ['two adapters', '{merge_method: linear, models: [a/b+c/d+e/f]}', 'bad-reference', 'models[0]', ['+']],
    [
      'too many models for a method that is not there yet',
      '{merge_method: slerp, base_model: a/b, models: [a/b, c/d, e/f], parameters: {t: 0.5}}',
      'model-count',
      'models',
      ['2 in all', '3 in all'],
    ],
    [
      'a missing t',
      '{merge_method: slerp, base_model: a/b, models: [a/b, c/d]}',
      'parameter-missing',
      'parameters.t',
      ['"t"'],
    ],
  ])('a mistake comes before what is put off: %s', (_, text, code, path, mentions) => {
    const error = refusal(text);
    expect(error.code).toBe(`recipe/${code}`);
    expect(error.place?.path).toBe(path);
    for (const mention of mentions) expect(error.message).toContain(mention);
  });
});
