import type { ModelDescription } from '@hubfuse/plugin';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import { ModelConfig } from '../model-config.ts';
import { type ActivationName, activation, configuredActivation } from './activation.ts';
import { attention } from './attention.ts';
import { attentionBias } from './attention-mask.ts';
import { layerNorm } from './layer-norm.ts';
import { linear } from './linear.ts';
import type { Encoded, Readout, Sequence } from './sequence.ts';

/** The sizes of a BERT-like encoder, as config.json gives them. */
export interface BertSizes {
  vocabulary: number;
  positions: number;
  tokenTypes: number;
  width: number;
  layers: number;
  heads: number;
  headSize: number;
  intermediate: number;
  epsilon: number;
  activation: ActivationName;
  causal: boolean;
}

/** Reads the keys that BertConfig and the classes after it share; only the vocabulary's default differs. */
export function bertSizes(model: ModelDescription, defaults: { vocabulary: number }): BertSizes {
  const config = new ModelConfig(model.config);
  // Some files leave it open; relative positions are those of transformers 4, which 5 no longer computes.
  if (model.config.position_embedding_type !== null) {
    config.choice('position_embedding_type', 'absolute', ['absolute']);
  }
  const width = config.integer('hidden_size', 768);
  const heads = config.divisor('num_attention_heads', 12, { of: 'hidden_size', value: width });
  return {
    vocabulary: config.integer('vocab_size', defaults.vocabulary),
    positions: config.integer('max_position_embeddings', 512),
    tokenTypes: config.integer('type_vocab_size', 2),
    width,
    layers: config.integer('num_hidden_layers', 12, 0),
    heads,
    headSize: width / heads,
    intermediate: config.integer('intermediate_size', 3072),
    epsilon: config.number('layer_norm_eps', 1e-12),
    activation: configuredActivation(model, 'hidden_act', 'gelu'),
    causal: config.boolean('is_decoder', false),
  };
}

/**
 * The layers of BERT (post-norm) over embeddings [batch, length, width], under `module` (`bert.encoder`). Emits the
 * hidden states that are asked for: 0 is the embedding output, i the output of layer i. With `readout: first-token` the
 * last layer computes keys and values of every token, and all else of the first alone.
 */
export function bertEncoder(
  builder: GraphBuilder,
  embedded: Value,
  options: { module: string; sizes: BertSizes; sequence: Sequence; attentionMask: Value; readout: Readout },
): Encoded {
  const { module, sizes, sequence, attentionMask } = options;
  const readout = sizes.layers === 0 ? 'every-token' : options.readout;
  const bias = attentionBias(builder, attentionMask, { sequence, causal: sizes.causal });
  builder.hiddenState(0, embedded, sizes.width);
  let rows = sequence.toRows(embedded, sizes.width);
  for (let layer = 0; layer < sizes.layers; layer++) {
    const own = layer === sizes.layers - 1 ? readout : 'every-token';
    rows = bertLayer(builder, rows, { name: `${module}.layer.${layer}`, sizes, sequence, bias, readout: own });
    if (builder.hiddenStates) builder.hiddenState(layer + 1, sequence.fromRows(rows, [sizes.width]), sizes.width);
  }
  return { sequence, rows, width: sizes.width, readout };
}

function bertLayer(
  builder: GraphBuilder,
  rows: Value,
  options: { name: string; sizes: BertSizes; sequence: Sequence; bias: Value; readout: Readout },
): Value {
  const { name, sizes, sequence, bias, readout } = options;
  const { width, heads, headSize, epsilon } = sizes;
  const square = { in: width, out: width };
  const asking = readout === 'first-token' ? sequence.firstToken(rows, width) : rows;
  const mixed = attention(
    builder,
    {
      query: linear(builder, asking, `${name}.attention.self.query`, square),
      key: linear(builder, rows, `${name}.attention.self.key`, square),
      value: linear(builder, rows, `${name}.attention.self.value`, square),
    },
    { sequence, heads, headSize, bias, readout },
  );
  const attended = linear(builder, mixed, `${name}.attention.output.dense`, square);
  const first = layerNorm(builder, builder.node('Add', [attended, asking]), `${name}.attention.output.LayerNorm`, {
    width,
    epsilon,
  });
  const inner = linear(builder, first, `${name}.intermediate.dense`, { in: width, out: sizes.intermediate });
  const active = activation(builder, sizes.activation, inner, `${name}.intermediate.intermediate_act_fn`);
  const outer = linear(builder, active, `${name}.output.dense`, { in: sizes.intermediate, out: width });
  return layerNorm(builder, builder.node('Add', [outer, first]), `${name}.output.LayerNorm`, { width, epsilon });
}
