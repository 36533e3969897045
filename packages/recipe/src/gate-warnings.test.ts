import { expect, test } from 'vitest';
import { read } from '../test/reading.ts';

const warningsOf = (gate: string) =>
  read(`merge_method: linear
models: [a/b, c/d]
evaluate: {task: text-classification, datasets: [{name: x, dev: x.jsonl}]}
publish: {hub: a/b, if: '${gate}'}
`).warnings;

test.each([
  ['mean > 85', '85, and scores are fractions: write 0.85 or 85%'],
  ['not mean - best_parent < 2', '2, and scores are fractions: write 0.02 or 2%'],
  ['x > 0.5 and mean > 8500', '8500, and scores are fractions'],
])('a gate in percent is told what was meant: %s', (gate, message) => {
  expect(warningsOf(gate)).toEqual([{ path: 'publish.if', message: `the gate compares scores with ${message}` }]);
});

test.each(['mean > 85%', 'mean > 0.85 or x <= 1', 'mean > best_parent + 0.01 and better(mean, best_parent)'])(
  'fractions are fine: %s',
  (gate) => {
    expect(warningsOf(gate)).toEqual([]);
  },
);
