import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from '@hubfuse/plugin';
import { folderSource, readCheckpoint, type TensorData, writeSafetensors } from '@hubfuse/tensors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { embedding } from './blocks/embedding.ts';
import { sequenceLogits } from './blocks/heads.ts';
import { tokenInputs } from './blocks/token-inputs.ts';
import { defineArchitecture } from './define-architecture.ts';
import { graphOverFiles } from './graph-over-files.ts';
import { ModelConfig } from './model-config.ts';
import { runGraph } from './run-graph.ts';

/** Logits of the mean of the word vectors: what a plugin might bring. */
const bagOfWords = defineArchitecture({
  name: 'bag-of-words',
  modelTypes: ['bag-of-words'],
  classes: ['BagOfWordsForSequenceClassification'],
  prefix: 'bag',
  heads: ['classifier'],
  labelTensors: ['classifier.weight', 'classifier.bias'],
  build(builder, model) {
    const config = new ModelConfig(model.config);
    const width = config.integer('hidden_size', 2);
    const { inputIds } = tokenInputs(builder);
    const words = embedding(builder, inputIds, 'bag.words.weight', { entries: config.integer('vocab_size', 3), width });
    const mean = builder.node('ReduceMean', [words, builder.constant('int64', [1])], { keepdims: 0 });
    sequenceLogits(builder, mean, 'classifier', width);
  },
});

const tensor = (shape: number[], ...values: number[]): TensorData => ({
  dtype: 'F32',
  shape,
  data: new Uint8Array(Float32Array.from(values).buffer),
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-architecture-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('an architecture of a plugin is built like the built-in ones, prefix and head names included', async () => {
  const registry = new Registry();
  registry.register(bagOfWords);
  await writeSafetensors(
    join(folder, 'model.safetensors'),
    new Map([
      ['words.weight', tensor([3, 2], 1, 0, 0, 1, 4, 4)],
      ['classifier.weight', tensor([2, 2], 1, 2, -1, 0)],
      ['classifier.bias', tensor([2], 0.5, 0.25)],
    ]),
  );
  const { tensors } = await readCheckpoint(await folderSource(folder));
  const config = { model_type: 'bag-of-words', architectures: ['BagOfWordsForSequenceClassification'] };
  const graph = await graphOverFiles({ folder, config, tensors, registry });
  const ids = { data: BigInt64Array.of(0n, 2n), dimensions: [1, 2] };
  const [outputs] = await runGraph({ ...graph, feeds: [{ input_ids: ids, attention_mask: ids }] });
  // The mean of (1, 0) and (4, 4) is (2.5, 2).
  expect([...(outputs?.logits?.data ?? [])]).toEqual([7, -2.25]);
});

test('what an architecture does not state is empty', () => {
  expect(bagOfWords).toMatchObject({ kind: 'architecture', legacyNames: [], tied: {}, buffers: [] });
});

test('a graph that onnxruntime refuses is an error with its reason', async () => {
  const run = runGraph({ model: Uint8Array.of(1, 2, 3), sessionOptions: {}, feeds: [] });
  await expect(run).rejects.toMatchObject({ code: 'graph/runtime' });
});
