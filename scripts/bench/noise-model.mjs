// Models of noise for benchmarks: a base and fine-tunes of it, in the layout of a Llama, in 16 bits.
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { encodeHeader } from '@hubfuse/tensors';

const HIDDEN = 2048;
const INNER = 5632;
const VOCABULARY = 32_000;

/** Tensors of a Llama-like model of about `bytes` of a dtype of 16 bits. */
function layout(bytes, dtype) {
  const tensors = [{ name: 'model.embed_tokens.weight', dtype, shape: [VOCABULARY, HIDDEN] }];
  const size = () => tensors.reduce((sum, { shape }) => sum + 2 * shape.reduce((a, b) => a * b, 1), 0);
  for (let layer = 0; size() < bytes; layer++) {
    const add = (name, ...shape) => tensors.push({ name: `model.layers.${layer}.${name}.weight`, dtype, shape });
    add('input_layernorm', HIDDEN);
    for (const name of ['q', 'k', 'v', 'o']) add(`self_attn.${name}_proj`, HIDDEN, HIDDEN);
    for (const name of ['gate', 'up']) add(`mlp.${name}_proj`, INNER, HIDDEN);
    add('mlp.down_proj', HIDDEN, INNER);
    add('post_attention_layernorm', HIDDEN);
  }
  tensors.push({ name: 'model.norm.weight', dtype, shape: [HIDDEN] });
  return tensors;
}

/** xorshift32 filling with values whose magnitudes look like weights; `delta` adds a small move to the base's values. */
function fill(buffer, { seed, deltaSeed }) {
  let s = seed | 1;
  let d = deltaSeed | 1;
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  for (let i = 0; i < buffer.length; i++) {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    float[0] = ((s >>> 8) / 0x1000000 + ((s * 0x9e3779b1) >>> 8) / 0x1000000 - 1) * 0.04;
    if (deltaSeed !== 0) {
      d ^= d << 13;
      d ^= d >>> 17;
      d ^= d << 5;
      const u = (d >>> 8) / 0x1000000 - 0.5;
      float[0] += u * u * u * 0.02;
    }
    buffer[i] = (bits[0] + 0x8000) >>> 16;
  }
}

/** Scalars that are filled at once: 8 MiB. */
const BLOCK = 1 << 22;

/**
 * Writes the base and `count` fine-tunes below `root` where they are missing; returns their folders.
 * `every`: only each so many-th block of 8 MiB holds noise, the others are holes (zeros that take no disk). Default 1.
 * `dtype`: BF16 by default; as F16 the same bits are other finite values.
 */
export function noiseModels({ root, bytes, count, every = 1, dtype = 'BF16' }) {
  const tensors = layout(bytes, dtype);
  // mergekit derives from it which tensors there must be.
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: VOCABULARY,
    hidden_size: HIDDEN,
    intermediate_size: INNER,
    num_hidden_layers: tensors.filter(({ name }) => name.endsWith('.input_layernorm.weight')).length,
    tie_word_embeddings: true,
  };
  const header = encodeHeader({ tensors, metadata: { format: 'pt' } });
  const folders = ['base', ...Array.from({ length: count }, (_, i) => `model-${i + 1}`)].map((name) =>
    join(root, name),
  );
  folders.forEach((folder, index) => {
    const path = join(folder, 'model.safetensors');
    if (existsSync(path)) return;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    const file = openSync(path, 'w');
    writeSync(file, header.bytes);
    ftruncateSync(file, header.fileSize);
    const block = new Uint16Array(BLOCK);
    const scalars = (header.fileSize - header.bytes.length) / 2;
    for (let start = 0; start < scalars; start += BLOCK * every) {
      const number = start / BLOCK + 1;
      const piece = block.subarray(0, Math.min(scalars - start, BLOCK));
      fill(piece, { seed: number * 7919, deltaSeed: index === 0 ? 0 : number * 104_729 + index });
      writeSync(
        file,
        new Uint8Array(piece.buffer, 0, piece.length * 2),
        0,
        piece.length * 2,
        header.bytes.length + start * 2,
      );
    }
    closeSync(file);
  });
  return folders;
}
