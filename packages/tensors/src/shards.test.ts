import { expect, test } from 'vitest';
import { planShards } from './shards.ts';

const tensor = (name: string, elements: number) => ({ name, dtype: 'F32' as const, shape: [elements] });

test('everything in one file needs no index', () => {
  const plan = planShards([tensor('a', 4), tensor('b', 4)]);
  expect(plan).toEqual({ shards: [{ file: 'model.safetensors', tensors: [tensor('a', 4), tensor('b', 4)] }] });
});

test('a new file begins where the next tensor would exceed the size; a larger tensor stands alone', () => {
  const { shards, index } = planShards([tensor('a', 2), tensor('b', 2), tensor('c', 9), tensor('d', 1)], 16);
  expect(shards.map(({ file, tensors }) => [file, tensors.map(({ name }) => name)])).toEqual([
    ['model-00001-of-00003.safetensors', ['a', 'b']],
    ['model-00002-of-00003.safetensors', ['c']],
    ['model-00003-of-00003.safetensors', ['d']],
  ]);
  expect(JSON.parse(index ?? '')).toEqual({
    metadata: { total_size: 56 },
    weight_map: {
      a: 'model-00001-of-00003.safetensors',
      b: 'model-00001-of-00003.safetensors',
      c: 'model-00002-of-00003.safetensors',
      d: 'model-00003-of-00003.safetensors',
    },
  });
});

test('no tensors at all give one empty file', () => {
  expect(planShards([], 16)).toEqual({ shards: [{ file: 'model.safetensors', tensors: [] }] });
});
