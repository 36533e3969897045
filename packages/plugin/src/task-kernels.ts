/**
 * Kernels of results that hold a unified task vector and a mask per task (EMR-Merging, arXiv 2405.17461). A mask has
 * one bit per value: bit k % 8 of byte k / 8. Arrays lie in the kernels' own memory.
 */
export interface TaskKernels {
  /** Sets the bits where x and y have the same sign and neither is zero; all others become 0. */
  packAgreement(bits: Uint8Array, x: Float32Array, y: Float32Array): void;
  /** Sum of |y| over those values, in float64, lanes in a fixed order. */
  agreeingSum(x: Float32Array, y: Float32Array): number;
  /** out = base + scale vector where the bit is set, else base; computed in float64 and rounded once. */
  addMasked(
    out: Float32Array,
    base: Float32Array,
    masked: { vector: Float32Array; bits: Uint8Array; scale: number },
  ): void;
}
