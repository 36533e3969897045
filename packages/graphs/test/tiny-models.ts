import type { StoredTensor } from '@hubfuse/tensors';

type Shapes = Record<string, number[]>;

const WIDTH = 4;
const INNER = 3;
export const LABELS = 3;
const VOCABULARY = 5;

const dense = (name: string, out: number, input: number): Shapes => ({
  [`${name}.weight`]: [out, input],
  [`${name}.bias`]: [out],
});
const norm = (name: string): Shapes => ({ [`${name}.weight`]: [WIDTH], [`${name}.bias`]: [WIDTH] });
const square = (name: string): Shapes => dense(name, WIDTH, WIDTH);

/** A model so small that each of its numbers can be moved: its config and the shapes of its tensors. */
export interface TinyModel {
  config: Record<string, unknown>;
  tensors: Map<string, StoredTensor>;
}

/** BERT or a family like it; with `causal`, a query sees no later key. */
export function tinyBert(options: { className: string; head: Shapes; config?: Record<string, unknown> }): TinyModel {
  const prefix = options.className.startsWith('Bert') ? 'bert' : 'roberta';
  const layer = `${prefix}.encoder.layer.0`;
  const config = {
    model_type: prefix,
    architectures: [options.className],
    vocab_size: VOCABULARY,
    hidden_size: WIDTH,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: INNER,
    max_position_embeddings: 6,
    layer_norm_eps: 1e-3,
    type_vocab_size: prefix === 'bert' ? 2 : 1,
    pad_token_id: prefix === 'bert' ? 0 : 1,
    ...options.config,
  };
  return {
    config,
    tensors: stored({
      [`${prefix}.embeddings.word_embeddings.weight`]: [VOCABULARY, WIDTH],
      [`${prefix}.embeddings.position_embeddings.weight`]: [6, WIDTH],
      [`${prefix}.embeddings.token_type_embeddings.weight`]: [config.type_vocab_size, WIDTH],
      ...norm(`${prefix}.embeddings.LayerNorm`),
      ...square(`${layer}.attention.self.query`),
      ...square(`${layer}.attention.self.key`),
      ...square(`${layer}.attention.self.value`),
      ...square(`${layer}.attention.output.dense`),
      ...norm(`${layer}.attention.output.LayerNorm`),
      ...dense(`${layer}.intermediate.dense`, INNER, WIDTH),
      ...dense(`${layer}.output.dense`, WIDTH, INNER),
      ...norm(`${layer}.output.LayerNorm`),
      ...options.head,
    }),
  };
}

export function tinyDistilbert(options: {
  className: string;
  head: Shapes;
  config?: Record<string, unknown>;
}): TinyModel {
  const layer = 'distilbert.transformer.layer.0';
  return {
    config: {
      model_type: 'distilbert',
      architectures: [options.className],
      vocab_size: VOCABULARY,
      dim: WIDTH,
      n_layers: 1,
      n_heads: 2,
      hidden_dim: INNER,
      max_position_embeddings: 6,
      ...options.config,
    },
    tensors: stored({
      'distilbert.embeddings.word_embeddings.weight': [VOCABULARY, WIDTH],
      'distilbert.embeddings.position_embeddings.weight': [6, WIDTH],
      ...norm('distilbert.embeddings.LayerNorm'),
      ...square(`${layer}.attention.q_lin`),
      ...square(`${layer}.attention.k_lin`),
      ...square(`${layer}.attention.v_lin`),
      ...square(`${layer}.attention.out_lin`),
      ...norm(`${layer}.sa_layer_norm`),
      ...dense(`${layer}.ffn.lin1`, INNER, WIDTH),
      ...dense(`${layer}.ffn.lin2`, WIDTH, INNER),
      ...norm(`${layer}.output_layer_norm`),
      ...options.head,
    }),
  };
}

/** Heads by what they are called in checkpoints. */
export const HEADS = {
  bertSequence: { ...square('bert.pooler.dense'), ...dense('classifier', LABELS, WIDTH) },
  tokens: dense('classifier', LABELS, WIDTH),
  robertaSequence: { ...square('classifier.dense'), ...dense('classifier.out_proj', LABELS, WIDTH) },
  distilbertSequence: { ...square('pre_classifier'), ...dense('classifier', LABELS, WIDTH) },
  /** Its decoder is tied to the embeddings. */
  bertMaskedLm: {
    ...square('cls.predictions.transform.dense'),
    ...norm('cls.predictions.transform.LayerNorm'),
    'cls.predictions.bias': [VOCABULARY],
  },
  robertaMaskedLm: { ...square('lm_head.dense'), ...norm('lm_head.layer_norm'), 'lm_head.bias': [VOCABULARY] },
  distilbertMaskedLm: {
    ...square('vocab_transform'),
    ...norm('vocab_layer_norm'),
    'vocab_projector.bias': [VOCABULARY],
  },
} satisfies Record<string, Shapes>;

/** Weights of the activations that have some, for one layer. */
export function activationWeights(module: string): Shapes {
  return { [`${module}.weight`]: [1], [`${module}.alpha_p`]: [1], [`${module}.alpha_n`]: [1] };
}

function stored(shapes: Shapes): Map<string, StoredTensor> {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const bytes = 4 * shape.reduce((total, length) => total * length, 1);
      return [name, { name, dtype: 'F32', shape, file: 'model.safetensors', offset: 8, bytes }];
    }),
  );
}
