import type { ModelDescription } from '@hubfuse/plugin';
import { type ActivationName, activation, configuredActivation } from '../blocks/activation.ts';
import { attention } from '../blocks/attention.ts';
import { attentionBias } from '../blocks/attention-mask.ts';
import { embedding, firstPositions } from '../blocks/embedding.ts';
import { encoderOutputs, maskedLmLogits, sequenceLogits, tokenLogits } from '../blocks/heads.ts';
import { layerNorm } from '../blocks/layer-norm.ts';
import { linear } from '../blocks/linear.ts';
import { type Encoded, firstTokenOf, type Readout, readoutOf, Sequence } from '../blocks/sequence.ts';
import { tokenInputs } from '../blocks/token-inputs.ts';
import { defineArchitecture } from '../define-architecture.ts';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import { ModelConfig } from '../model-config.ts';

/** No key of the config sets it. */
const EPSILON = 1e-12;

interface Sizes {
  vocabulary: number;
  positions: number;
  width: number;
  layers: number;
  heads: number;
  intermediate: number;
  activation: ActivationName;
}

/** DistilBERT, as `models/distilbert/modeling_distilbert.py` of transformers 5 computes it. */
export default defineArchitecture({
  name: 'distilbert',
  modelTypes: ['distilbert'],
  classes: [
    'DistilBertModel',
    'DistilBertForSequenceClassification',
    'DistilBertForTokenClassification',
    'DistilBertForMaskedLM',
  ],
  prefix: 'distilbert',
  heads: [
    'pre_classifier',
    'classifier',
    'vocab_transform',
    'vocab_layer_norm',
    'vocab_projector',
    'activation',
    'qa_outputs',
  ],
  labelTensors: ['classifier.weight', 'classifier.bias'],
  legacyNames: [
    ['LayerNorm.gamma', 'LayerNorm.weight'],
    ['LayerNorm.beta', 'LayerNorm.bias'],
  ],
  tied: { 'vocab_projector.weight': 'distilbert.embeddings.word_embeddings.weight' },
  buffers: ['.position_ids'],
  build(builder, model) {
    const sizes = readSizes(model);
    const { width } = sizes;
    const encoded = encode(builder, sizes, readoutOf(builder, model.className));
    switch (model.className) {
      case 'DistilBertForSequenceClassification': {
        const dense = linear(builder, firstTokenOf(encoded), 'pre_classifier', { in: width, out: width });
        return sequenceLogits(builder, builder.node('Relu', [dense]), 'classifier', width);
      }
      case 'DistilBertForTokenClassification':
        return tokenLogits(builder, encoded, 'classifier');
      case 'DistilBertForMaskedLM':
        return maskedLmLogits(builder, encoded, {
          dense: 'vocab_transform',
          activation: sizes.activation,
          activationModule: 'activation',
          norm: 'vocab_layer_norm',
          decoder: 'vocab_projector',
          epsilon: EPSILON,
          vocabulary: sizes.vocabulary,
        });
      default:
        return encoderOutputs(builder, encoded, {});
    }
  },
});

/** DistilBertConfig knows three of its keys by BERT's names too. */
function readSizes(model: ModelDescription): Sizes {
  const config = new ModelConfig(model.config);
  // As in transformers, whose attribute map writes the common names over the model's own.
  const width = config.integer(['hidden_size', 'dim'], 768);
  return {
    vocabulary: config.integer('vocab_size', 30522),
    positions: config.integer('max_position_embeddings', 512),
    width,
    layers: config.integer(['num_hidden_layers', 'n_layers'], 6, 0),
    heads: config.divisor(['num_attention_heads', 'n_heads'], 12, { of: 'dim', value: width }),
    intermediate: config.integer('hidden_dim', 3072),
    activation: configuredActivation(model, 'activation', 'gelu'),
  };
}

function encode(builder: GraphBuilder, sizes: Sizes, asked: Readout): Encoded {
  const { inputIds, attentionMask } = tokenInputs(builder);
  const sequence = new Sequence(builder, { inputIds, attentionMask });
  const { width } = sizes;
  const readout = sizes.layers === 0 ? 'every-token' : asked;
  const embeddings = 'distilbert.embeddings';
  const words = embedding(builder, inputIds, `${embeddings}.word_embeddings.weight`, {
    entries: sizes.vocabulary,
    width,
  });
  const positions = firstPositions(builder, sequence.length(), `${embeddings}.position_embeddings.weight`, {
    entries: sizes.positions,
    width,
  });
  const embedded = layerNorm(builder, builder.node('Add', [words, positions]), `${embeddings}.LayerNorm`, {
    width,
    epsilon: EPSILON,
  });
  const bias = attentionBias(builder, attentionMask, { sequence, causal: false });
  builder.hiddenState(0, embedded, width);
  let rows = sequence.toRows(embedded, width);
  for (let index = 0; index < sizes.layers; index++) {
    const name = `distilbert.transformer.layer.${index}`;
    const own = index === sizes.layers - 1 ? readout : 'every-token';
    rows = transformerBlock(builder, rows, { name, sizes, sequence, bias, readout: own });
    if (builder.hiddenStates) builder.hiddenState(index + 1, sequence.fromRows(rows, [width]), width);
  }
  return { sequence, rows, width, readout };
}

function transformerBlock(
  builder: GraphBuilder,
  rows: Value,
  options: { name: string; sizes: Sizes; sequence: Sequence; bias: Value; readout: Readout },
): Value {
  const { name, sizes, sequence, bias, readout } = options;
  const { width, heads, intermediate } = sizes;
  const square = { in: width, out: width };
  const norm = { width, epsilon: EPSILON };
  const asking = readout === 'first-token' ? sequence.firstToken(rows, width) : rows;
  const mixed = attention(
    builder,
    {
      query: linear(builder, asking, `${name}.attention.q_lin`, square),
      key: linear(builder, rows, `${name}.attention.k_lin`, square),
      value: linear(builder, rows, `${name}.attention.v_lin`, square),
    },
    { sequence, heads, headSize: width / heads, bias, readout },
  );
  const attended = linear(builder, mixed, `${name}.attention.out_lin`, square);
  const first = layerNorm(builder, builder.node('Add', [attended, asking]), `${name}.sa_layer_norm`, norm);
  const inner = linear(builder, first, `${name}.ffn.lin1`, { in: width, out: intermediate });
  const active = activation(builder, sizes.activation, inner, `${name}.ffn.activation`);
  const outer = linear(builder, active, `${name}.ffn.lin2`, { in: intermediate, out: width });
  return layerNorm(builder, builder.node('Add', [outer, first]), `${name}.output_layer_norm`, norm);
}
