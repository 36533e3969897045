import { createHash } from 'node:crypto';
import { threefry, type WordPair } from '@hubfuse/tensors';

const WORD = 2 ** 32;

/** The key of the random numbers of one child in one tensor. The tensor counts by its name, not by its place in a file. */
export function crossoverKey(options: {
  seed: number;
  generation: number;
  individual: number;
  /** `tensorWords` of the tensor's name. */
  tensor: WordPair;
}): WordPair {
  const { seed, generation, individual, tensor } = options;
  const child = threefry([seed % WORD, Math.floor(seed / WORD)], [generation, individual]);
  return threefry(child, tensor);
}

/** The first 64 bits of the SHA-256 of a tensor's name. */
export function tensorWords(name: string): WordPair {
  const digest = createHash('sha256').update(name).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
}
