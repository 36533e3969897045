import type { GraphBuilder, Value } from '../graph-builder.ts';

const SHAPE = ['batch_size', 'sequence_length'];

/** The inputs of a text encoder, in the order and under the names that transformers.js feeds. */
export function tokenInputs(builder: GraphBuilder): { inputIds: Value; attentionMask: Value } {
  return {
    inputIds: builder.input('input_ids', 'int64', SHAPE),
    attentionMask: builder.input('attention_mask', 'int64', SHAPE),
  };
}

/** The segment of each token; transformers.js feeds zeros where the tokenizer gives none. */
export function tokenTypeInput(builder: GraphBuilder): Value {
  return builder.input('token_type_ids', 'int64', SHAPE);
}
