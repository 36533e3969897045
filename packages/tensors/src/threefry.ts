/** Two words of 32 bits: a key, a counter, or what the generator makes of both. */
export type WordPair = readonly [number, number];

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const PARITY = 0x1bd11bda;
const ROUNDS = 20;
const ROUNDS_BETWEEN_KEYS = 4;

/**
 * Threefry-2x32 with 20 rounds (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, 2011): random words as a
 * function of key and counter, the same as the kernel `crossoverMask` draws.
 */
export function threefry([key0, key1]: WordPair, [counter0, counter1]: WordPair): [number, number] {
  const keys = [key0 | 0, key1 | 0, PARITY ^ key0 ^ key1];
  let a = (counter0 + key0) | 0;
  let b = (counter1 + key1) | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const by = ROTATIONS[round % ROTATIONS.length] ?? 0;
    a = (a + b) | 0;
    b = ((b << by) | (b >>> (32 - by))) ^ a;
    if (round % ROUNDS_BETWEEN_KEYS !== ROUNDS_BETWEEN_KEYS - 1) continue;
    const injection = (round + 1) / ROUNDS_BETWEEN_KEYS;
    a = (a + (keys[injection % 3] ?? 0)) | 0;
    b = (b + (keys[(injection + 1) % 3] ?? 0) + injection) | 0;
  }
  return [a >>> 0, b >>> 0];
}
