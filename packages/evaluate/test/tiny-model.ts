import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TensorData, writeSafetensors } from '@hubfuse/tensors';

/** A lower-cased WordPiece tokenizer of 400 entries. */
export const TOKENIZER_FOLDER = fileURLToPath(
  new URL('../../../tests/golden/architectures/bert-tokenizer-sequence-classification', import.meta.url),
);

const HIDDEN = 16;
const INTERMEDIATE = 24;
const POSITIONS = 48;
const VOCABULARY = 400;

export interface TinyModelOptions {
  /** Folder to make. */
  folder: string;
  className: 'BertForSequenceClassification' | 'BertForTokenClassification';
  labels: readonly string[];
  seed: number;
  /** Value of one weight of the classifier, to break it. */
  poison?: number;
  /** Rows of the word embeddings. Default: one for each token of the tokenizer. */
  vocabulary?: number;
}

/** Writes a BERT of one layer with random weights, which depend on the seed alone. */
export async function writeTinyModel(options: TinyModelOptions): Promise<string> {
  const { folder, className, labels, seed, poison, vocabulary = VOCABULARY } = options;
  await mkdir(folder, { recursive: true });
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json']) {
    await copyFile(join(TOKENIZER_FOLDER, name), join(folder, name));
  }
  const config = {
    architectures: [className],
    model_type: 'bert',
    hidden_size: HIDDEN,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: INTERMEDIATE,
    max_position_embeddings: POSITIONS,
    vocab_size: vocabulary,
    type_vocab_size: 2,
    id2label: Object.fromEntries(labels.map((label, position) => [position, label])),
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const random = randomNumbers(seed);
  const tensors = new Map<string, TensorData>();
  for (const [name, shape] of shapes(className, labels.length, vocabulary)) {
    const norm = name.endsWith('LayerNorm.weight');
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() + (norm ? 1 : 0));
    if (poison !== undefined && name === 'classifier.weight') values[0] = poison;
    tensors.set(name, { dtype: 'F32', shape, data: new Uint8Array(values.buffer) });
  }
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  return folder;
}

/** Numbers between -0.5 and 0.5 (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 - 0.5;
  };
}

function shapes(className: TinyModelOptions['className'], labels: number, vocabulary: number): [string, number[]][] {
  const layer = 'bert.encoder.layer.0';
  const linear = (name: string, out: number, inputs: number): [string, number[]][] => [
    [`${name}.weight`, [out, inputs]],
    [`${name}.bias`, [out]],
  ];
  const norm = (name: string): [string, number[]][] => [
    [`${name}.LayerNorm.weight`, [HIDDEN]],
    [`${name}.LayerNorm.bias`, [HIDDEN]],
  ];
  return [
    ['bert.embeddings.word_embeddings.weight', [vocabulary, HIDDEN]],
    ['bert.embeddings.position_embeddings.weight', [POSITIONS, HIDDEN]],
    ['bert.embeddings.token_type_embeddings.weight', [2, HIDDEN]],
    ...norm('bert.embeddings'),
    ...['query', 'key', 'value'].flatMap((part) => linear(`${layer}.attention.self.${part}`, HIDDEN, HIDDEN)),
    ...linear(`${layer}.attention.output.dense`, HIDDEN, HIDDEN),
    ...norm(`${layer}.attention.output`),
    ...linear(`${layer}.intermediate.dense`, INTERMEDIATE, HIDDEN),
    ...linear(`${layer}.output.dense`, HIDDEN, INTERMEDIATE),
    ...norm(`${layer}.output`),
    ...(className === 'BertForSequenceClassification' ? linear('bert.pooler.dense', HIDDEN, HIDDEN) : []),
    ...linear('classifier', labels, HIDDEN),
  ];
}
