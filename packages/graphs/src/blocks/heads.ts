import type { GraphBuilder, Value } from '../graph-builder.ts';
import { type ActivationName, activation } from './activation.ts';
import { layerNorm } from './layer-norm.ts';
import { linear } from './linear.ts';
import { type Encoded, firstTokenOf } from './sequence.ts';

/**
 * The bare encoder's outputs: `last_hidden_state` [batch, length, width], and `pooler_output` [batch, width] where the
 * checkpoint has the pooler's dense layer.
 */
export function encoderOutputs(builder: GraphBuilder, encoded: Encoded, { pooler }: { pooler?: string }): void {
  const { sequence, rows, width } = encoded;
  const shape = ['batch_size', 'sequence_length', width];
  builder.output('last_hidden_state', sequence.fromRows(rows, [width]), shape);
  if (pooler !== undefined && builder.has(`${pooler}.weight`)) {
    builder.output('pooler_output', pooledFirstToken(builder, encoded, pooler), ['batch_size', width]);
  }
}

/** The first token's state through a dense layer and tanh: [batch, width]. */
export function pooledFirstToken(builder: GraphBuilder, encoded: Encoded, dense: string): Value {
  const { width } = encoded;
  return builder.node('Tanh', [linear(builder, firstTokenOf(encoded), dense, { in: width, out: width })]);
}

/** Logits of a sequence from one row each [batch, width]. The number of labels is that of the stored classifier. */
export function sequenceLogits(builder: GraphBuilder, pooled: Value, classifier: string, width: number): void {
  const labels = labelCount(builder, classifier);
  const logits = linear(builder, pooled, classifier, { in: width, out: labels });
  builder.output('logits', logits, ['batch_size', labels]);
}

/** Logits of every token. The number of labels is that of the stored classifier. */
export function tokenLogits(builder: GraphBuilder, encoded: Encoded, classifier: string): void {
  const { sequence, rows, width } = encoded;
  const labels = labelCount(builder, classifier);
  const logits = linear(builder, rows, classifier, { in: width, out: labels });
  builder.output('logits', sequence.fromRows(logits, [labels]), ['batch_size', 'sequence_length', labels]);
}

function labelCount(builder: GraphBuilder, classifier: string): number {
  return builder.shape(`${classifier}.weight`, 2)[0] ?? 0;
}

/** Names and sizes of a masked language model's head: dense layer, activation, layer norm, decoder to the vocabulary. */
export interface MaskedLmHead {
  dense: string;
  activation: ActivationName;
  /** Name of the activation's module. */
  activationModule: string;
  norm: string;
  decoder: string;
  epsilon: number;
  vocabulary: number;
}

/** Logits over the vocabulary at every token. */
export function maskedLmLogits(builder: GraphBuilder, encoded: Encoded, head: MaskedLmHead): void {
  const { sequence, rows, width } = encoded;
  const dense = linear(builder, rows, head.dense, { in: width, out: width });
  const active = activation(builder, head.activation, dense, head.activationModule);
  const normed = layerNorm(builder, active, head.norm, { width, epsilon: head.epsilon });
  const logits = linear(builder, normed, head.decoder, { in: width, out: head.vocabulary });
  const shape = ['batch_size', 'sequence_length', head.vocabulary];
  builder.output('logits', sequence.fromRows(logits, [head.vocabulary]), shape);
}
