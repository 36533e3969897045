import { elementCount, type StoredTensor } from '@hubfuse/tensors';

/** Code and buffers of a session without weights, with inputs of usual length. */
const SESSION_BYTES = 64 * 1024 * 1024;

/**
 * Memory that one session over these weights takes, in bytes: onnxruntime keeps every weight that is multiplied as a
 * float32 copy in its own order, whatever the file holds. Embedding tables stay mapped and are counted all the same.
 */
export function estimateSessionMemory(tensors: Iterable<StoredTensor>): number {
  let bytes = SESSION_BYTES;
  for (const { shape } of tensors) bytes += 4 * elementCount(shape);
  return bytes;
}
