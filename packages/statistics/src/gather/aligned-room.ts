import { KernelMemory } from '@hubfuse/tensors';

const FLOAT32_BYTES = 4;
/** Kernel memory ends at 4 GiB, so that there may be several; no array is near that large. */
const MEMORY_BYTES = 2 ** 30;
/** What a piece of kernel memory may be larger by than the values in it. */
const SLACK_BYTES = 128;

/**
 * Room for float32 values that begins where cache lines do: onnxruntime writes products measurably slower to memory of
 * JavaScript, which begins 16 bytes behind.
 */
export function alignedRoom(lengths: readonly number[]): Float32Array[] {
  const room: Float32Array[] = [];
  while (room.length < lengths.length) {
    let [end, bytes] = [room.length, 0];
    while (end < lengths.length) {
      const more = FLOAT32_BYTES * (lengths[end] ?? 0) + SLACK_BYTES;
      if (bytes > 0 && bytes + more > MEMORY_BYTES) break;
      bytes += more;
      end++;
    }
    const memory = new KernelMemory();
    memory.reserve(bytes);
    for (const length of lengths.slice(room.length, end)) room.push(memory.float32(length));
  }
  return room;
}
