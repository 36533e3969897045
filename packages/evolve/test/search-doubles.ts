import type { ScoringEnvironment, Verdict } from '@hubfuse/evaluate';
import type { SearchStore } from '../src/search-types.ts';

export const ENVIRONMENT: ScoringEnvironment = {
  provider: 'cpu',
  processor: 'x',
  platform: 'linux-x64',
  onnxruntime: '1',
};

/** Keeps one checkpoint, and how often it was saved. */
export class MemoryStore implements SearchStore {
  text: string | undefined;
  saves = 0;
  load = async () => this.text;
  save = async (text: string) => {
    this.saves++;
    this.text = text;
  };
}

/** Examples that a candidate takes that is rejected early, and in full. */
const [EARLY, ALL] = [10, 100];

/** What a race says of a score; with `raced`, a candidate that is not above its bar is rejected early. */
export function verdictOf(score: number, options: { bar: number | undefined; raced: boolean }): Verdict {
  const { bar, raced } = options;
  if (raced && bar !== undefined && score <= bar) return { accepted: false, bound: bar, examples: EARLY, total: ALL };
  return { accepted: bar === undefined || score > bar, score, datasets: { x: score }, examples: ALL, total: ALL };
}
