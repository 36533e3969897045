import { GraphError, Registry } from '@hubfuse/plugin';
import { beforeAll, expect, test } from 'vitest';
import { emptyBuilder, randomNumbers } from '../../test/central-differences.ts';
import { interpret } from '../../test/interpreter.ts';
import { array, type NdArray } from '../../test/nd-array.ts';
import { activationWeights, HEADS, LABELS, type TinyModel, tinyBert, tinyDistilbert } from '../../test/tiny-models.ts';
import { ACTIVATION_NAMES } from '../blocks/activation.ts';
import { composeModel } from '../build-graph.ts';
import { storedElementType } from '../graph-builder.ts';
import type { OnnxGraph } from '../onnx-model.ts';
import { registerArchitectures } from '../register.ts';
import { findDifferentiable } from './find-differentiable.ts';
import { type GradientOptions, gradientOutput } from './graph-with-gradients.ts';
import { LABELS_INPUT, LIKELIHOODS, WEIGHTS_INPUT } from './likelihood.ts';
import { reverseMode } from './reverse-mode.ts';
import { type OperatorRules, operatorRules } from './rules.ts';

const registry = new Registry();
let rules: OperatorRules;
beforeAll(async () => {
  await registerArchitectures(registry);
  rules = await operatorRules();
});

const bert = (kind: string, head: Record<string, number[]>, config = {}): TinyModel =>
  tinyBert({ className: `Bert${kind}`, head, config });
const XIELU = activationWeights('distilbert.transformer.layer.0.ffn.activation');

const MODELS: Readonly<Record<string, TinyModel>> = {
  'BERT for sequences': bert('ForSequenceClassification', HEADS.bertSequence),
  'BERT for tokens as a decoder': bert('ForTokenClassification', HEADS.tokens, { is_decoder: true }),
  'RoBERTa for sequences': tinyBert({ className: 'RobertaForSequenceClassification', head: HEADS.robertaSequence }),
  'DistilBERT for sequences with xielu': tinyDistilbert({
    className: 'DistilBertForSequenceClassification',
    head: { ...HEADS.distilbertSequence, ...XIELU },
    config: { activation: 'xielu' },
  }),
};

const whole = (dimensions: number[], ...values: number[]): NdArray => ({ dimensions, data: Float64Array.from(values) });

/** Two sequences, the second padded. */
const INPUTS: readonly (readonly [string, NdArray])[] = [
  ['input_ids', whole([2, 3], 2, 4, 2, 3, 2, 1)],
  ['attention_mask', whole([2, 3], 1, 1, 1, 1, 1, 0)],
  ['token_type_ids', whole([2, 3], 0, 0, 1, 0, 1, 0)],
];

function graphOf({ config, tensors }: TinyModel, gradients?: GradientOptions): OnnxGraph {
  const place = (tensor: Parameters<Parameters<typeof composeModel>[1]>[0]) => ({
    elementType: storedElementType(tensor),
    data: { kind: 'external' as const, location: tensor.file, offset: tensor.offset, length: tensor.bytes },
  });
  return composeModel({ config, tensors, registry, gradients }, place).graph;
}

function randomWeights({ tensors }: TinyModel): Map<string, NdArray> {
  const random = randomNumbers(11);
  return new Map([...tensors].map(([name, { shape }]) => [name, array(shape, () => 2 * random() - 1)]));
}

const answersOf = (logits: NdArray): number[] => [...logits.dimensions.slice(0, -1)];

/** The sum that `empirical` differentiates: weight times log-probability of the label. */
function logLikelihood(logits: NdArray, weights: NdArray, labels: NdArray): number {
  return labels.data.reduce((sum, label, answer) => {
    const row = logits.data.subarray(answer * LABELS, (answer + 1) * LABELS);
    const total = row.reduce((powers, value) => powers + Math.exp(value), 0);
    return sum + (weights.data[answer] ?? 0) * ((row[label] ?? 0) - Math.log(total));
  }, 0);
}

/** The gradient of a tensor from the outputs that hold it. */
function gradientOf(values: ReadonlyMap<string, NdArray>, name: string, model: TinyModel): NdArray | undefined {
  const { config, tensors } = model;
  const found = findDifferentiable({ config, tensors, registry }).find((tensor) => tensor.name === name);
  const output = gradientOutput({ name, lookedUp: found?.lookedUp === true });
  if (output.kind === 'dense') return values.get(output.values);
  const shape = tensors.get(name)?.shape ?? [];
  const rows = values.get(output.rows)?.data ?? new Float64Array();
  const width = shape[1] ?? 1;
  const sums = array(shape, () => 0);
  values.get(output.indices)?.data.forEach((index, place) => {
    for (let k = 0; k < width; k++) {
      const at = index * width + k;
      sums.data[at] = (sums.data[at] ?? 0) + (rows[place * width + k] ?? Number.NaN);
    }
  });
  return sums;
}

const STEP = 1e-5;

test.each(Object.entries(MODELS))('gradients of %s are those of central differences for every tensor', (_, model) => {
  const { config, tensors } = model;
  const names = findDifferentiable({ config, tensors, registry }).map(({ name }) => name);
  expect(names.toSorted()).toEqual(
    [...tensors.keys()].filter((name) => !name.endsWith('activation.weight')).toSorted(),
  );
  const values = new Map([...INPUTS, ...randomWeights(model)]);
  const forward = graphOf(model);
  const logits = (changed: ReadonlyMap<string, NdArray>): NdArray =>
    interpret(forward, changed).get('logits') as NdArray;
  const shape = answersOf(logits(values));
  const labels = array(shape, (index) => index % LABELS);
  const weights = array(shape, (index) => 0.5 + 0.25 * index);
  const backward = interpret(
    graphOf(model, { likelihood: 'empirical', tensors: names, rules }),
    new Map([...values, [WEIGHTS_INPUT, weights], [LABELS_INPUT, labels]]),
  );
  for (const name of names) {
    const original = values.get(name) as NdArray;
    const gradient = gradientOf(backward, name, model);
    expect(gradient?.dimensions, name).toEqual(original.dimensions);
    original.data.forEach((value, index) => {
      const moved = (by: number): number => {
        const data = original.data.with(index, value + by);
        return logLikelihood(logits(new Map(values).set(name, { ...original, data })), weights, labels);
      };
      expect(gradient?.data[index], `${name} at ${index}`).toBeCloseTo((moved(STEP) - moved(-STEP)) / (2 * STEP), 6);
    });
  }
});

test('the gradient of a table that is also the output layer is the sum of both uses', () => {
  const model = bert('ForMaskedLM', HEADS.bertMaskedLm);
  const table = 'bert.embeddings.word_embeddings.weight';
  const values = new Map([...INPUTS, ...randomWeights(model)]);
  const shape = [2, 3];
  const inputs = new Map([
    ...values,
    [WEIGHTS_INPUT, array(shape, () => 1)] as const,
    [LABELS_INPUT, array(shape, () => 0)] as const,
  ]);
  const untied = new Map(model.tensors);
  const decoder = { ...(untied.get(table) as NonNullable<ReturnType<typeof untied.get>>) };
  untied.set('cls.predictions.decoder.weight', { ...decoder, name: 'cls.predictions.decoder.weight' });
  const both = ['cls.predictions.decoder.weight', table];
  const apart = interpret(
    graphOf({ ...model, tensors: untied }, { likelihood: 'empirical', tensors: both, rules }),
    new Map(inputs).set('cls.predictions.decoder.weight', values.get(table) as NdArray),
  );
  const tied = interpret(graphOf(model, { likelihood: 'empirical', tensors: [table], rules }), inputs);
  const [output, input] = both.map(
    (name) => gradientOf(apart, name, { ...model, tensors: untied })?.data ?? new Float64Array(),
  );
  gradientOf(tied, table, model)?.data.forEach((sum, index) => {
    expect(sum).toBeCloseTo((output?.[index] ?? Number.NaN) + (input?.[index] ?? Number.NaN), 10);
  });
});

test('a table of which rows are looked up yields the gradients of its look-ups alone, others and tied ones whole', () => {
  const lookedUp = ({ config, tensors }: TinyModel): string[] =>
    findDifferentiable({ config, tensors, registry }).flatMap((tensor) => (tensor.lookedUp ? [tensor.name] : []));
  expect(lookedUp(MODELS['BERT for sequences'] as TinyModel)).toEqual([
    'bert.embeddings.word_embeddings.weight',
    'bert.embeddings.token_type_embeddings.weight',
  ]);
  expect(lookedUp(bert('ForMaskedLM', HEADS.bertMaskedLm))).toEqual(['bert.embeddings.token_type_embeddings.weight']);
});

test('what the likelihoods differentiate is what they say', () => {
  const model = MODELS['BERT for sequences'] as TinyModel;
  const values = new Map([...INPUTS, ...randomWeights(model)]);
  const logits = interpret(graphOf(model), values).get('logits') as NdArray;
  const bias = 'classifier.bias';
  const weights = whole([2], 0.5, 0.5);
  const labels = whole([2], 1, 2);
  const probabilities = [0, 1].map((answer) => {
    const powers = [...logits.data.subarray(answer * LABELS, (answer + 1) * LABELS)].map(Math.exp);
    const total = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / total);
  });
  /** The gradient of log p(label) by the bias of the logits is the label's indicator less the probabilities. */
  const slope = (label: (answer: number) => number, scale: (answer: number) => number): number[] =>
    Array.from({ length: LABELS }, (_, unit) =>
      [0, 1].reduce((sum, answer) => {
        const indicator = label(answer) === unit ? 1 : 0;
        return sum + 0.5 * scale(answer) * (indicator - (probabilities[answer]?.[unit] ?? 0));
      }, 0),
    );
  const answered = (answer: number): number => {
    const row = probabilities[answer] ?? [];
    return row.indexOf(Math.max(...row));
  };
  const given = (answer: number): number => labels.data[answer] ?? 0;
  const expected = {
    hard: slope(answered, () => 1),
    empirical: slope(given, () => 1),
    definition: slope(given, (answer) => Math.sqrt(probabilities[answer]?.[given(answer)] ?? 0)),
    soft: [0, 0, 0],
  };
  for (const likelihood of LIKELIHOODS) {
    const result = interpret(
      graphOf(model, { likelihood, tensors: [bias], rules }),
      new Map([...values, [WEIGHTS_INPUT, weights], [LABELS_INPUT, labels]]),
    );
    const found = gradientOf(result, bias, model);
    expected[likelihood].forEach((value, unit) => {
      expect(found?.data[unit], `${likelihood} at ${unit}`).toBeCloseTo(value, 6);
    });
  }
});

test('every operator that the builders emit has a rule, with every head and every activation', () => {
  const emitted = new Set<string>();
  const models = [
    ...Object.values(MODELS),
    bert('ForMaskedLM', HEADS.bertMaskedLm),
    bert('Model', {}),
    tinyBert({ className: 'RobertaForTokenClassification', head: HEADS.tokens }),
    tinyBert({ className: 'RobertaForMaskedLM', head: HEADS.robertaMaskedLm }),
    tinyDistilbert({ className: 'DistilBertForMaskedLM', head: HEADS.distilbertMaskedLm }),
    tinyDistilbert({ className: 'DistilBertForTokenClassification', head: HEADS.tokens }),
    ...ACTIVATION_NAMES.map((activation) =>
      tinyDistilbert({
        className: 'DistilBertForSequenceClassification',
        head: { ...HEADS.distilbertSequence, ...XIELU },
        config: { activation },
      }),
    ),
  ];
  for (const model of models) for (const { operator } of graphOf(model).nodes) emitted.add(operator);
  expect([...emitted].filter((operator) => !rules.has(operator))).toEqual([]);
});

test('tensors before the first wanted one get no nodes of their own', () => {
  const model = MODELS['BERT for sequences'] as TinyModel;
  const nodes = (tensors: string[]): number => graphOf(model, { likelihood: 'hard', tensors, rules }).nodes.length;
  const layer = 'bert.encoder.layer.0.attention.self.query.weight';
  expect(nodes(['classifier.bias'])).toBeLessThan(nodes([layer]) - 50);
});

test('an operator without a rule is an error that names it, and none where no gradient flows through it', () => {
  const builder = emptyBuilder();
  const input = builder.input('input', 'float32', [2]);
  const odd = builder.node('Atanh', [input]);
  const gradient = (of: { name: string }) => reverseMode(builder, { of, seed: input, with: ['input'], rules });
  expect(() => gradient(builder.node('Add', [odd, input]))).toThrow(GraphError);
  expect(() => gradient(odd)).toThrow('no rule for the gradient of the operator Atanh');
  expect(gradient(builder.node('Tanh', [input])).has('input')).toBe(true);
});

test('a model without labels to answer, and a tensor that the answers do not depend on, are refused', () => {
  const refuse = (model: TinyModel, tensors: string[]) => () => graphOf(model, { likelihood: 'hard', tensors, rules });
  expect(refuse(bert('Model', {}), ['bert.embeddings.LayerNorm.bias'])).toThrow('answers no labels');
  const regression = bert('ForSequenceClassification', {
    ...HEADS.bertSequence,
    'classifier.weight': [1, 4],
    'classifier.bias': [1],
  });
  expect(refuse(regression, ['classifier.bias'])).toThrow('at least two labels');
  const tokens = bert('ForTokenClassification', { ...HEADS.tokens, ...HEADS.bertSequence });
  expect(refuse(tokens, ['bert.pooler.dense.bias'])).toThrow('do not depend on the tensor "bert.pooler.dense.bias"');
});
