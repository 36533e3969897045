import { type Metric, Registry } from '@hubfuse/plugin';
import { beforeAll, expect, test } from 'vitest';
import accuracy from '../metrics/accuracy.ts';
import spanF1 from '../metrics/span-f1.ts';
import { registerEvaluation } from '../register.ts';
import type { PlannedDataset } from '../scoring.ts';
import { expectedCosts } from './expected-costs.ts';

const registry = new Registry();
beforeAll(() => registerEvaluation(registry));

const TASKS = new Map([
  [accuracy.name, 'text-classification'],
  [spanF1.name, 'token-classification'],
]);

interface Example {
  labels: string[];
  /** By label, the probability of each name. */
  probabilities: number[][];
  /** Whether a token answers each label. Default: one does. */
  answered?: boolean[];
}

/** A dataset that a model has answered with these probabilities. */
function answered(names: string[], examples: readonly Example[]): PlannedDataset {
  const answer = ({ probabilities, answered: asked }: Example): Int32Array =>
    Int32Array.from(probabilities, (row, nth) => (asked?.[nth] === false ? -1 : row.indexOf(Math.max(...row))));
  return {
    dataset: {
      ...{ name: 'toy', task: 'toy', where: 'toy.jsonl', domain: 'in' },
      examples: examples.map(({ labels }) => ({ input: '', labels })),
    },
    names,
    labels: { nameOf: new Map(names.map((name) => [name, name])), unknown: {}, warnings: [] },
    answers: examples.map(answer),
    logits: examples.map(({ probabilities }) =>
      Float32Array.from(probabilities.flat(), (probability) => Math.log(Math.max(probability, 1e-30))),
    ),
    ...{ members: [], batches: [], warnings: [] },
  };
}

function costs(metric: Metric, ...models: PlannedDataset[]): number[] {
  return [...expectedCosts(models, { task: registry.get('task', TASKS.get(metric.name) ?? ''), metric })];
}

const oneLabel = (...right: number[]): PlannedDataset =>
  answered(
    ['yes', 'no'],
    right.map((probability) => ({ labels: ['yes'], probabilities: [[probability, 1 - probability]] })),
  );

const TAGS = ['O', 'B-X', 'I-X'];
const sentence = (labels: string[], right: number, more: Partial<Example> = {}): Example => ({
  labels,
  probabilities: labels.map((label) => TAGS.map((tag) => (tag === label ? right : (1 - right) / 2))),
  ...more,
});

test('under accuracy an example costs what its answer is improbable, as a share of its dataset', () => {
  // Surer than right, so that probabilities are taken as they are.
  const found = costs(accuracy, oneLabel(0.25, 0.75, 1 - 2 ** -10, 0.5));
  for (const [index, cost] of [0.75, 0.25, 2 ** -10, 0.5].entries()) expect(found[index]).toBeCloseTo(cost / 4, 6);
});

test('an answer of a small dataset costs more than the same one of a large dataset', () => {
  const [small = 0] = costs(accuracy, oneLabel(0.4, 0.4));
  const [large = 0] = costs(accuracy, oneLabel(...new Array<number>(20).fill(0.4)));
  expect(small / large).toBeCloseTo(10, 6);
});

test('probabilities of a model that is unsure of right answers are sharpened before they are compared with others', () => {
  const unsure = oneLabel(...[0.52, 0.51, 0.52, 0.51, 0.49].flatMap((right) => [right, right]));
  const found = costs(accuracy, unsure);
  const sum = found.reduce((total, cost) => total + cost, 0);
  // A fifth is wrong; the probabilities themselves would say a half.
  expect(sum).toBeLessThan(0.3);
  expect(found[8]).toBeGreaterThan(2 * (found[0] ?? 1));
});

test('several models count by their mean', () => {
  const [one = 0] = costs(accuracy, oneLabel(0.4));
  const [other = 0] = costs(accuracy, oneLabel(0.3));
  const [both = 0] = costs(accuracy, oneLabel(0.4), oneLabel(0.3));
  expect(both).toBeCloseTo((one + other) / 2, 6);
});

test('under span F1 doubtful spans cost most, and a sentence that is surely right nothing', () => {
  const [span = 0, words = 0, sure] = costs(
    spanF1,
    answered(TAGS, [
      sentence(['B-X', 'I-X', 'O', 'B-X'], 0.6),
      sentence(['O', 'O', 'O', 'O'], 0.9),
      sentence(['B-X', 'O'], 1),
      sentence(['O'], 1e-6),
    ]),
  );
  expect(span).toBeGreaterThan(words);
  expect(words).toBeGreaterThan(0);
  expect(sure).toBe(0);
});

test('words without a token are answered alike by every model: what is wrong about that is lost for sure', () => {
  const sentences = [['B-X', 'O'], ['O', 'O'], ['B-X']].map((labels, nth) =>
    sentence(labels, nth === 2 ? 1 : 0.5, { answered: labels.map(() => nth === 2) }),
  );
  const [span = 0, words] = costs(spanF1, answered(TAGS, sentences));
  expect(span).toBeCloseTo(1 - 2 / 3, 12);
  expect(words).toBe(0);
});

test('the same answers give the same numbers, to the last bit', () => {
  const toy = answered(TAGS, [sentence(['B-X', 'I-X', 'O'], 0.5), sentence(['O', 'B-X'], 0.4)]);
  expect(costs(spanF1, toy)).toEqual(costs(spanF1, toy));
});

test('under a metric without totals every wrong label costs the same', () => {
  const { totals: _, ...listed } = accuracy;
  const right = [0.25, 0.75, 0.5];
  expect(costs(listed, oneLabel(...right))).toEqual(costs(accuracy, oneLabel(...right)));
});

test('an example without logits has the answer that was given', () => {
  const toy = { ...oneLabel(0.25, 0.75), logits: [undefined, undefined] };
  expect(costs(accuracy, toy)).toEqual([0.5, 0]);
});
