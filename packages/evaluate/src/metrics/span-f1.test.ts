import { expect, test } from 'vitest';
import { findSpans } from '../spans.ts';
import spanF1 from './span-f1.ts';

/** Spans as `seqeval.metrics.sequence_labeling.get_entities` (1.2.2) returns them. */
const SEQEVAL: [tags: string[], spans: [type: string, start: number, end: number][]][] = [
  [
    ['B-PER', 'I-PER', 'O', 'B-LOC'],
    [
      ['PER', 0, 1],
      ['LOC', 3, 3],
    ],
  ],
  [['O', 'I-PER', 'I-PER', 'O'], [['PER', 1, 2]]],
  [
    ['B-PER', 'I-LOC', 'I-LOC', 'O'],
    [
      ['PER', 0, 0],
      ['LOC', 1, 2],
    ],
  ],
  [
    ['I-PER', 'I-LOC', 'B-LOC', 'B-LOC'],
    [
      ['PER', 0, 0],
      ['LOC', 1, 1],
      ['LOC', 2, 2],
      ['LOC', 3, 3],
    ],
  ],
  [
    ['S-PER', 'B-LOC', 'I-LOC', 'E-LOC', 'E-LOC'],
    [
      ['PER', 0, 0],
      ['LOC', 1, 3],
      ['LOC', 4, 4],
    ],
  ],
  [
    ['B-MISC-X', 'I-MISC-X', 'PER', 'O'],
    [
      ['MISC-X', 0, 1],
      ['ER', 2, 2],
    ],
  ],
  [
    ['E-PER', 'I-PER', 'S-LOC', 'I-LOC'],
    [
      ['PER', 0, 0],
      ['PER', 1, 1],
      ['LOC', 2, 2],
      ['LOC', 3, 3],
    ],
  ],
  [
    ['B', 'I', 'O', 'I'],
    [
      ['_', 0, 1],
      ['_', 3, 3],
    ],
  ],
  [
    ['.', 'B-PER', '.', 'I-PER'],
    [
      ['PER', 1, 1],
      ['PER', 3, 3],
    ],
  ],
];

test.each(SEQEVAL)('%j holds the spans that seqeval finds', (tags, spans) => {
  expect(findSpans(tags)).toEqual(spans.map(([type, start, end]) => ({ type, start, end })));
});

test('span F1 counts whole spans with their type over all sentences', () => {
  const references = [
    ['B-PER', 'I-PER', 'O', 'B-LOC'],
    ['O', 'B-ORG', 'I-ORG'],
  ];
  const predictions = [
    ['B-PER', 'I-PER', 'O', 'B-ORG'],
    ['O', 'I-ORG', 'I-ORG'],
  ];
  // Three true spans, three predicted, PER and the second ORG agree: 2 * 2 / (3 + 3).
  expect(spanF1.score(predictions, references)).toBeCloseTo(2 / 3, 15);
});

test('spans do not run from one sentence into the next', () => {
  expect(spanF1.score([['B-PER'], ['I-PER']], [['B-PER'], ['I-PER']])).toBe(1);
  expect(spanF1.score([['B-PER'], ['O']], [['B-PER'], ['I-PER']])).toBeCloseTo(2 / 3, 15);
});

test('span F1 is 0 where nothing is found or nothing is there', () => {
  expect(spanF1.score([['O', 'O']], [['B-PER', 'O']])).toBe(0);
  expect(spanF1.score([['O']], [['O']])).toBe(0);
});
