import { type Dataset, type EncodedDataset, registerEvaluation } from '@hubfuse/evaluate';
import { Registry } from '@hubfuse/plugin';
import { beforeAll, expect, test } from 'vitest';
import type { MeasuringData } from '../measure.ts';
import { fisher } from './fisher.ts';

const registry = new Registry();
beforeAll(() => registerEvaluation(registry));

/** Examples of so many tokens, each with labels that the tokens at some positions answer. */
function data(
  task: string,
  examples: readonly { tokens: number; positions: number[]; labels: (string | number)[] }[],
): MeasuringData {
  const lengths = Int32Array.from(examples, ({ tokens }) => tokens);
  const labelCounts = Int32Array.from(examples, ({ positions }) => positions.length);
  const starts = (counts: Int32Array): Int32Array => {
    let sum = 0;
    return counts.map((count) => {
      sum += count;
      return sum - count;
    });
  };
  const encoded: EncodedDataset = {
    ...{ lengths, labelCounts, padId: 9, cutExamples: 0, cut: lengths.map(() => 0) },
    ids: Int32Array.from(examples.flatMap(({ tokens }) => Array.from({ length: tokens }, (_, at) => at))),
    positions: Int32Array.from(examples.flatMap(({ positions }) => positions)),
    tokenOffsets: starts(lengths),
    labelOffsets: starts(labelCounts),
  };
  const dataset: Dataset = {
    ...{ name: 'toy', task, where: 'toy.jsonl', domain: 'in' },
    examples: examples.map(({ labels }) => ({ input: '', labels })),
  };
  return { encoded, dataset, labels: ['O', 'PER', 'LOC'], task: registry.get('task', task) };
}

const sentences = (): MeasuringData =>
  data('token-classification', [
    { tokens: 4, positions: [1, 2], labels: ['O', 'PER'] },
    { tokens: 3, positions: [1, -1], labels: ['LOC', 'O'] },
  ]);

function feedsOf(found: MeasuringData, variant: string) {
  const runs = fisher.runs(found, variant);
  return Array.from({ length: runs.length }, (_, index) => {
    const { feeds, examples, rows = 1 } = runs.at(index);
    const values = (name: string): number[] => Array.from(feeds[name]?.data ?? [], Number);
    return {
      ids: values('input_ids'),
      mask: values('attention_mask'),
      weights: values('answer_weights'),
      labels: values('answer_labels'),
      dimensions: feeds.answer_weights?.dimensions,
      examples,
      rows,
    };
  });
}

test('a batch weighs its labelled words alike, and neither padding nor words without a token', () => {
  const [batch, ...others] = feedsOf(sentences(), 'empirical');
  expect(others).toEqual([]);
  const third = Math.fround(1 / 3);
  expect(batch).toMatchObject({ mask: [1, 1, 1, 1, 1, 1, 1, 0], dimensions: [2, 4], examples: 2, rows: 1 });
  expect(batch?.weights).toEqual([0, third, third, 0, 0, third, 0, 0]);
  expect(batch?.labels).toEqual([0, 0, 1, 0, 0, 2, 0, 0]);
});

test('per example, each labelled word is a run of its own sentence without padding', () => {
  const runs = feedsOf(sentences(), 'empirical-example');
  expect(runs.map(({ weights, labels }) => [weights, labels])).toEqual([
    [
      [0, 1, 0, 0],
      [0, 0, 0, 0],
    ],
    [
      [0, 0, 1, 0],
      [0, 0, 1, 0],
    ],
    [
      [0, 1, 0],
      [0, 2, 0],
    ],
  ]);
  expect(runs.map(({ examples }) => examples)).toEqual([1, 0, 1]);
  expect(runs.every(({ mask }) => mask.every((seen) => seen === 1))).toBe(true);
});

test('the definition runs every label of an answer, which count as one row together', () => {
  const found = data('text-classification', [{ tokens: 2, positions: [0], labels: [] }]);
  const runs = feedsOf(found, 'definition');
  expect(runs.map(({ labels, rows }) => [labels, rows])).toEqual([
    [[0], 1],
    [[1], 0],
    [[2], 0],
  ]);
});

test('batches are 16 examples in their order, fewer where they are long', () => {
  const short = Array.from({ length: 18 }, () => ({ tokens: 2, positions: [0], labels: ['O'] }));
  const sizes = (found: MeasuringData): number[] => feedsOf(found, 'hard').map(({ examples }) => examples);
  expect(sizes(data('text-classification', short))).toEqual([16, 2]);
  const long = { tokens: 512, positions: [0], labels: ['O'] };
  expect(sizes(data('text-classification', [...short.slice(0, 3), long, long, long, long, long]))).toEqual([4, 4]);
});

test('data without labels are refused where the labels are what is measured, and only there', () => {
  const found = data('text-classification', [{ tokens: 2, positions: [0], labels: [] }]);
  expect(() => fisher.runs(found, 'empirical')).toThrow('example 1 of "toy" has no label');
  expect(() => fisher.runs(found, 'hard')).not.toThrow();
});

test('a label that the model does not have is refused', () => {
  const found = data('text-classification', [
    { tokens: 2, positions: [0], labels: ['PER'] },
    { tokens: 2, positions: [0], labels: ['DATE'] },
  ]);
  expect(() => fisher.runs(found, 'empirical-example')).toThrow('"DATE", which is no label of the model');
});
