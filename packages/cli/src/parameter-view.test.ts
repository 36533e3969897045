import type { PlannedTensor } from '@hubfuse/merge';
import type { ParameterValues, TensorParameters } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import { describeTensorParameters } from './parameter-view.ts';

const tensor = (parameters: TensorParameters, rule: PlannedTensor['rule'] = 'method'): PlannedTensor => ({
  ...{ name: 'w', shape: [1], length: 1, dtype: 'F32', rule, parts: [], output: 0, offset: 0 },
  parameters,
});
const weights = (...values: number[]): TensorParameters => ({
  global: { normalize: true },
  models: values.map((weight) => ({ weight })),
});
const describe = (tensors: PlannedTensor[], parameters: ParameterValues = {}) =>
  describeTensorParameters({ tensors, parameters });

test('a value that holds everywhere is told, given or not', () => {
  const copied = tensor({ global: {}, models: [] }, 'copy');
  expect(describe([tensor(weights(1, 1)), copied, tensor(weights(1, 1))])).toEqual([
    'normalize=true',
    'weight=1 for every model',
  ]);
  expect(describe([tensor(weights(1, 1))], { normalize: true })).toEqual(['weight=1 for every model']);
  expect(describe([tensor(weights(0.25, 0.75))])).toContain('weight=0.25/0.75');
});

test('values that differ between tensors are a matter for --explain', () => {
  expect(describe([tensor(weights(1, 1)), tensor(weights(1, 2))])).toContain('weight by tensor (--explain)');
});
