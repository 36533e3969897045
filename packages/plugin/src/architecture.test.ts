import { expect, test } from 'vitest';
import { canonicalTensorName, isHeadTensor, type TensorNaming } from './architecture.ts';

const bert: TensorNaming = {
  prefix: 'bert',
  heads: ['cls', 'classifier'],
  legacyNames: [
    ['.LayerNorm.gamma', '.LayerNorm.weight'],
    ['.LayerNorm.beta', '.LayerNorm.bias'],
  ],
};

test('a tensor of a bare encoder gets the prefix that it has inside a model with a head', () => {
  expect(canonicalTensorName('pooler.dense.weight', bert)).toBe('bert.pooler.dense.weight');
  expect(canonicalTensorName('bert.pooler.dense.weight', bert)).toBe('bert.pooler.dense.weight');
});

test('legacy endings become the current ones, with and without the prefix', () => {
  expect(canonicalTensorName('bert.embeddings.LayerNorm.gamma', bert)).toBe('bert.embeddings.LayerNorm.weight');
  expect(canonicalTensorName('embeddings.LayerNorm.beta', bert)).toBe('bert.embeddings.LayerNorm.bias');
});

test('what a wrapper put before the names is taken off, however many there are', () => {
  for (const wrapper of ['module.', '_orig_mod.', 'model.', 'module._orig_mod.']) {
    expect(canonicalTensorName(`${wrapper}bert.pooler.dense.weight`, bert)).toBe('bert.pooler.dense.weight');
    expect(canonicalTensorName(`${wrapper}classifier.weight`, bert)).toBe('classifier.weight');
    expect(canonicalTensorName(`${wrapper}pooler.dense.weight`, bert)).toBe('bert.pooler.dense.weight');
  }
  const llama = { prefix: 'model', heads: ['lm_head'], legacyNames: [] };
  expect(canonicalTensorName('module.model.norm.weight', llama)).toBe('model.norm.weight');
});

test('a head tensor keeps its name, and a name that only begins like a head is no head', () => {
  expect(canonicalTensorName('classifier.weight', bert)).toBe('classifier.weight');
  expect(isHeadTensor('classifier.weight', bert)).toBe(true);
  expect(canonicalTensorName('clsx.weight', bert)).toBe('bert.clsx.weight');
  expect(isHeadTensor('bert.pooler.dense.weight', bert)).toBe(false);
});
