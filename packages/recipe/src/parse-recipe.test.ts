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
    expect(source.positions?.['models[1].parameters.lambda']).toEqual([7, 70]);
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

  test.each([
    ['off', false],
    ['"no"', false],
    ['"True"', true],
    ['0', false],
    ['[yes]', true],
  ])('a switch may be spelled %s, as in mergekit', (text, value) => {
    const recipe = read(`merge_method: linear\nmodels: [a/b]\nparameters: {normalize: ${text}}\n`);
    expect(recipe.parameters.normalize).toEqual({ kind: 'constant', value });
  });

  test('a switch counts as one or zero where a number is expected, as in mergekit', () => {
    const recipe = read('merge_method: linear\nmodels: [a/b]\nparameters: {weight: [yes, 0.5, off]}\n');
    expect(recipe.parameters.weight).toEqual({ kind: 'gradient', values: [1, 0.5, 0] });
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
