import { attentionMask, type BatchTensors } from '@hubfuse/evaluate';
import type { GraphTensor } from '@hubfuse/graphs';

/** A padded batch as the inputs of a text encoder. */
export function batchFeeds(batch: BatchTensors): Record<string, GraphTensor> {
  const dimensions = [batch.examples, batch.length];
  const tensor = (values: Int32Array): GraphTensor => ({ data: BigInt64Array.from(values, BigInt), dimensions });
  return {
    input_ids: tensor(batch.ids),
    attention_mask: tensor(attentionMask(batch)),
    token_type_ids: tensor(batch.typeIds ?? new Int32Array(batch.ids.length)),
  };
}
