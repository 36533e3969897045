import { GraphError, Registry } from '@hubfuse/plugin';
import type { StoredTensor } from '@hubfuse/tensors';
import { beforeAll, expect, test } from 'vitest';
import { buildGraph } from './build-graph.ts';
import { registerArchitectures } from './register.ts';

const registry = new Registry();
beforeAll(() => registerArchitectures(registry));

function failure(config: Record<string, unknown>, tensors: ReadonlyMap<string, StoredTensor> = new Map()): GraphError {
  try {
    buildGraph({ config, tensors, registry });
  } catch (error) {
    if (error instanceof GraphError) return error;
    throw error;
  }
  throw new Error('the graph was built');
}

test('a class without a builder is refused with the classes that there are', () => {
  const error = failure({ model_type: 'bert', architectures: ['BertForNextSentencePrediction'] });
  expect(error.code).toBe('graph/unsupported-class');
  expect(error.message).toContain('BertForNextSentencePrediction');
  expect(error.hint).toContain('BertForMaskedLM');
});

test('a misspelt class is answered with the one that was meant', () => {
  const error = failure({ model_type: 'bert', architectures: ['BertForSequenceClasification'] });
  expect(error.message).toContain('did you mean BertForSequenceClassification?');
});

test('a model type without a builder is refused with the types that there are', () => {
  const error = failure({ model_type: 'gpt_neox', architectures: ['GPTNeoXForCausalLM'] });
  expect(error.code).toBe('graph/unsupported-architecture');
  expect(error.message).toContain('"gpt_neox"');
  expect(error.hint).toContain('bert');
});

test('a config without a class is refused', () => {
  expect(failure({ model_type: 'bert' }).message).toContain('names no class');
});

test('a missing tensor is named', () => {
  const error = failure({ model_type: 'bert', architectures: ['BertModel'] });
  expect(error.code).toBe('graph/missing-tensor');
  expect(error.message).toContain('bert.embeddings.word_embeddings.weight');
});

test('a tensor that does not fit the config is named with both shapes', () => {
  const name = 'embeddings.word_embeddings.weight';
  const tensor: StoredTensor = { name, dtype: 'F32', shape: [7, 8], file: 'model.safetensors', offset: 8, bytes: 224 };
  const error = failure(
    { model_type: 'bert', architectures: ['BertModel'], hidden_size: 12 },
    new Map([[name, tensor]]),
  );
  expect(error.code).toBe('graph/tensor-shape');
  expect(error.where).toBe('model.safetensors');
  expect(error.message).toContain('[7, 8]');
  expect(error.message).toContain('[30522, 12]');
});

test('an integer tensor in the place of a weight is refused by its dtype', () => {
  const name = 'embeddings.word_embeddings.weight';
  const tensor: StoredTensor = { name, dtype: 'I8', shape: [7, 12], file: 'model.safetensors', offset: 8, bytes: 84 };
  const config = { model_type: 'bert', architectures: ['BertModel'], hidden_size: 12, vocab_size: 7 };
  const error = failure(config, new Map([[name, tensor]]));
  expect(error.code).toBe('graph/dtype');
  expect(error.message).toContain('I8');
});

test.each([
  ['hidden_size', 'wide', '"wide"'],
  ['hidden_size', 0, '0'],
  ['num_attention_heads', 7, 'a divisor of hidden_size (768)'],
  ['hidden_act', 'gelo', 'did you mean gelu?'],
  ['layer_norm_eps', null, 'null'],
  ['position_embedding_type', 'relative_key', 'relative_key'],
])('a config with %s = %s is refused with that key and value', (key, value, expected) => {
  const error = failure({ model_type: 'bert', architectures: ['BertModel'], [key]: value });
  expect(error.where).toContain('config.json');
  expect(error.message).toContain(key);
  expect(error.message).toContain(expected);
});

test('two spellings of one tensor in a file are an error, not a choice', () => {
  const stored = (name: string): [string, StoredTensor] => [
    name,
    { name, dtype: 'F32', shape: [1], file: 'model.safetensors', offset: 8, bytes: 4 },
  ];
  const error = failure(
    { model_type: 'bert', architectures: ['BertModel'] },
    new Map([stored('embeddings.LayerNorm.gamma'), stored('bert.embeddings.LayerNorm.weight')]),
  );
  expect(error.code).toBe('graph/ambiguous-tensor');
});

test('a width under both of its names is what transformers takes: the common one', () => {
  const name = 'embeddings.word_embeddings.weight';
  const tensor: StoredTensor = { name, dtype: 'F32', shape: [7, 8], file: 'model.safetensors', offset: 8, bytes: 224 };
  const config = { model_type: 'distilbert', architectures: ['DistilBertModel'], vocab_size: 7, dim: 8, n_heads: 4 };
  const error = failure({ ...config, hidden_size: 12 }, new Map([[name, tensor]]));
  expect(error.message).toContain('[7, 12]');
});

test('embeddings that are not stored are the decoder that they are tied to', () => {
  const name = 'cls.predictions.decoder.weight';
  const tensor: StoredTensor = { name, dtype: 'F32', shape: [7, 12], file: 'model.safetensors', offset: 8, bytes: 336 };
  const config = { model_type: 'bert', architectures: ['BertForMaskedLM'], hidden_size: 12, vocab_size: 7 };
  expect(failure(config, new Map([[name, tensor]])).message).not.toContain('word_embeddings');
});

test('a kind of positions that is left open is that of the class', () => {
  const error = failure({ model_type: 'bert', architectures: ['BertModel'], position_embedding_type: null });
  expect(error.code).toBe('graph/missing-tensor');
});
