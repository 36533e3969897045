import { createHash } from 'node:crypto';

/**
 * Uniform 32-bit words, always the same ones for the same seed, on every machine: integer arithmetic only.
 * Chris Doty-Humphrey's sfc32, which passes PractRand and BigCrush.
 */
export function randomWords(seed: string): () => number {
  const digest = createHash('sha256').update(seed).digest();
  let a = digest.readInt32LE(0);
  let b = digest.readInt32LE(4);
  let c = digest.readInt32LE(8);
  let counter = 1;
  return () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
}
