import { threefry, type WordPair } from '@hubfuse/tensors';
import type { SearchDraws } from './evolver-types.ts';

const WORD = 2 ** 32;
/** No generation and no individual has this number, so that no mask shares a stream with a choice. */
const APART = WORD - 1;
const PURPOSES = { order: 1, others: 2, uniform: 3 } as const;

/** Random choices by a seed: functions of purpose, generation and individual, whatever was drawn before. */
export function seededDraws(seed: number): SearchDraws {
  const key: WordPair = [seed % WORD, Math.floor(seed / WORD)];
  const stream = (purpose: keyof typeof PURPOSES, generation: number, individual: number): (() => number) => {
    const own = threefry(threefry(key, [APART, PURPOSES[purpose]]), [generation, individual]);
    let counter = 0;
    return () => threefry(own, [counter++, 0])[0] / WORD;
  };
  return {
    order: (generation, individuals) => shuffled(range(individuals), stream('order', generation, 0)),
    others: ({ generation, individual, individuals, count }) => {
      const candidates = range(individuals).filter((index) => index !== individual);
      return shuffled(candidates, stream('others', generation, individual)).slice(0, count);
    },
    uniform: (generation, individual) => stream('uniform', generation, individual)(),
  };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Fisher and Yates. */
function shuffled(values: number[], next: () => number): number[] {
  for (let last = values.length - 1; last > 0; last--) {
    const chosen = Math.floor(next() * (last + 1));
    [values[last], values[chosen]] = [values[chosen] as number, values[last] as number];
  }
  return values;
}
