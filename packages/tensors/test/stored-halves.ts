import type { KernelInstance, KernelMemory } from '../src/index.ts';

/** Rounds a row to bfloat16, in place, and returns it as it is stored. */
export function storedHalves(
  { kernels, memory }: { kernels: KernelInstance; memory: KernelMemory },
  row: Float32Array,
): Uint16Array {
  const raw = memory.bytes(row.length * 2);
  kernels.narrow('BF16', row, raw);
  kernels.widen('BF16', raw, row);
  return new Uint16Array(raw.buffer, raw.byteOffset, row.length);
}
