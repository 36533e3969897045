// A BERT of noise for benchmarks, with the tokenizer and texts of the examples.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '@hubfuse/tensors';

const LABELS = 8;

/** Names and shapes of a BertForSequenceClassification. */
function layout({ layers, hidden, inner, vocabulary, positions }) {
  const tensors = new Map();
  const dense = (name, out, width) => {
    tensors.set(`${name}.weight`, [out, width]);
    tensors.set(`${name}.bias`, [out]);
  };
  const norm = (name) => {
    tensors.set(`${name}.weight`, [hidden]);
    tensors.set(`${name}.bias`, [hidden]);
  };
  tensors.set('bert.embeddings.word_embeddings.weight', [vocabulary, hidden]);
  tensors.set('bert.embeddings.position_embeddings.weight', [positions, hidden]);
  tensors.set('bert.embeddings.token_type_embeddings.weight', [2, hidden]);
  norm('bert.embeddings.LayerNorm');
  for (let layer = 0; layer < layers; layer++) {
    const at = `bert.encoder.layer.${layer}`;
    for (const name of ['query', 'key', 'value']) dense(`${at}.attention.self.${name}`, hidden, hidden);
    dense(`${at}.attention.output.dense`, hidden, hidden);
    norm(`${at}.attention.output.LayerNorm`);
    dense(`${at}.intermediate.dense`, inner, hidden);
    dense(`${at}.output.dense`, hidden, inner);
    norm(`${at}.output.LayerNorm`);
  }
  dense('bert.pooler.dense', hidden, hidden);
  dense('classifier', LABELS, hidden);
  return tensors;
}

/** Small numbers around zero; layer norms get ones. */
function noise(name, shape, seed) {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  if (name.endsWith('LayerNorm.weight')) return values.fill(1);
  let s = seed | 1;
  for (let at = 0; at < values.length; at++) {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    values[at] = ((s >>> 8) / 0x1000000 - 0.5) * 0.08;
  }
  return values;
}

/** Writes the model into a folder. `positions`: longest input in tokens, that of the examples' model unless it is given. */
export async function noiseBert({ folder, examples, layers, hidden, inner, positions: longest }) {
  mkdirSync(folder, { recursive: true });
  const config = JSON.parse(readFileSync(join(examples, 'base/config.json'), 'utf8'));
  const names = Array.from({ length: LABELS }, (_, index) => `label-${index}`);
  const positions = longest ?? config.max_position_embeddings;
  const sizes = { layers, hidden, inner, vocabulary: config.vocab_size, positions };
  const tensors = new Map();
  let seed = 1;
  for (const [name, shape] of layout(sizes)) {
    tensors.set(name, { dtype: 'F32', shape, data: new Uint8Array(noise(name, shape, seed++).buffer) });
  }
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, { format: 'pt' });
  const changed = {
    ...{ ...config, hidden_size: hidden, intermediate_size: inner, num_hidden_layers: layers },
    ...{ max_position_embeddings: positions, num_attention_heads: hidden / 64 },
    ...{ id2label: Object.fromEntries(names.entries()) },
    label2id: Object.fromEntries(names.map((name, index) => [name, index])),
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(changed));
  copyFileSync(join(examples, 'base/tokenizer.json'), join(folder, 'tokenizer.json'));
  const tokenizer = JSON.parse(readFileSync(join(examples, 'base/tokenizer_config.json'), 'utf8'));
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify({ ...tokenizer, model_max_length: positions }));
}

/** Texts of `sentences` sentences each, or of 1 to `sentences` where `mixed`, labelled at random. */
export function noiseTexts({ file, examples, count, sentences, mixed = false }) {
  const source = ['money', 'home', 'travel', 'office'].flatMap((name) =>
    readFileSync(join(examples, `data/${name}.dev.jsonl`), 'utf8')
      .trim()
      .split('\n'),
  );
  const texts = source.map((line) => JSON.parse(line).text);
  const lines = Array.from({ length: count }, (_, index) => {
    const length = mixed ? 1 + ((index * 7919) % sentences) : sentences;
    const part = Array.from({ length }, (__, nth) => texts[(index * sentences + nth * 7) % texts.length]);
    return JSON.stringify({ text: part.join(' '), label: `label-${index % LABELS}` });
  });
  writeFileSync(file, `${lines.join('\n')}\n`);
}
