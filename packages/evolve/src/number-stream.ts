import { threefry, type WordPair } from '@hubfuse/tensors';

const WORD = 2 ** 32;
/** Streams of an evolution have smaller numbers. */
const PURPOSE = 4;

/** Random numbers by a seed; `part` tells streams of one search apart. */
export function numberStream(seed: number, part: number): { uniform(): number; normal(): number } {
  const key: WordPair = threefry(threefry([seed % WORD, Math.floor(seed / WORD)], [WORD - 1, PURPOSE]), [part, 0]);
  let counter = 0;
  /** In (0, 1): never 0, whose logarithm is infinite. */
  const uniform = (): number => {
    const [high, low] = threefry(key, [counter++, 0]);
    return (high + (low + 0.5) / WORD) / WORD;
  };
  // Box and Muller; the second number of each pair is left out, so that a number depends on its counter alone.
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal };
}
