import type { Metric, Prediction } from '@hubfuse/plugin';
import { type Answers, unpackAnswers } from './answers.ts';

/**
 * What the examples of a dataset add to the totals of several models. Most examples add the same (right, or wrong in the
 * same way), so each different addition is kept once.
 */
export interface Contributions {
  kinds: readonly ReadonlyMap<string, readonly number[]>[];
  /** By model: of each example its kind. Undefined for a model that did not answer the dataset. */
  kindOf: readonly (Int32Array | undefined)[];
}

type Totals = NonNullable<Metric['totals']>;

/** @param models What each model said; all on the same examples. */
export function contributionsOf(totals: Totals, models: readonly (Answers | undefined)[]): Contributions {
  const kinds: ReadonlyMap<string, readonly number[]>[] = [];
  const known = new Map<string, number>();
  const kindOf = inSameWords(totals, models).map((answers) => {
    if (answers === undefined) return undefined;
    // Few different pairs of answers are looked at where labels are single words.
    const byAnswer = new Map<string, number>();
    return Int32Array.from(answers.references, (reference, index) => {
      const prediction = answers.predictions[index] ?? '';
      const answer = JSON.stringify([prediction, reference]);
      const before = byAnswer.get(answer);
      if (before !== undefined) return before;
      const kind = totals.of(prediction, reference);
      const name = JSON.stringify([...kind].sort(([a], [b]) => (a < b ? -1 : 1)));
      const place = known.get(name) ?? kinds.push(kind) - 1;
      known.set(name, place);
      byAnswer.set(answer, place);
      return place;
    });
  });
  return { kinds, kindOf };
}

/** Totals over all examples, from how often each kind occurs. */
export class KindTotals {
  /** One object for all sums: a score is computed ten thousand times. */
  readonly #totals = new Map<string, number[]>();
  readonly #additions: { sum: number[]; at: number; kind: number; value: number }[] = [];

  constructor(kinds: Contributions['kinds']) {
    for (const [kind, groups] of kinds.entries()) {
      for (const [group, added] of groups) {
        const sum = this.#totals.get(group) ?? added.map(() => 0);
        this.#totals.set(group, sum);
        for (const [at, value] of added.entries()) if (value !== 0) this.#additions.push({ sum, at, kind, value });
      }
    }
  }

  /** @returns the totals, which the next call overwrites */
  sum(counts: ArrayLike<number>): ReadonlyMap<string, readonly number[]> {
    for (const sum of this.#totals.values()) sum.fill(0);
    for (const { sum, at, kind, value } of this.#additions) sum[at] = (sum[at] ?? 0) + value * (counts[kind] ?? 0);
    return this.#totals;
  }
}

interface Words {
  predictions: readonly Prediction[];
  references: readonly Prediction[];
}

/**
 * Models may call the same label differently; what they should have said tells which words mean the same. A model keeps
 * its own words where the others' would change its score (tags, whose first letter has a meaning).
 */
function inSameWords(totals: Totals, models: readonly (Answers | undefined)[]): (Words | undefined)[] {
  const unpacked = models.map((answers) => answers && unpackAnswers(answers));
  const first = unpacked.find((answers) => answers !== undefined);
  return unpacked.map((answers) => {
    if (answers === undefined || first === undefined || answers === first) return answers;
    const words = translation(answers.references, first.references);
    if (words === undefined) return answers;
    const translate = (prediction: Prediction): Prediction =>
      typeof prediction === 'string' ? words(prediction) : prediction.map(words);
    const translated = {
      predictions: answers.predictions.map(translate),
      references: answers.references.map(translate),
    };
    return scoreOf(totals, translated) === scoreOf(totals, answers) ? translated : answers;
  });
}

function scoreOf(totals: Totals, { predictions, references }: Words): number {
  const kinds = references.map((reference, index) => totals.of(predictions[index] ?? '', reference));
  return totals.score(new KindTotals(kinds).sum(new Uint8Array(kinds.length).fill(1)));
}

/** One word for each word of `from`; undefined where the same word would stand for two. */
function translation(from: readonly Prediction[], to: readonly Prediction[]): ((word: string) => string) | undefined {
  const words = new Map<string, string>();
  for (const [index, reference] of from.entries()) {
    const own = typeof reference === 'string' ? [reference] : reference;
    const other = to[index] ?? [];
    const theirs = typeof other === 'string' ? [other] : other;
    for (const [place, word] of own.entries()) {
      const meaning = theirs[place];
      if (meaning === undefined || (words.get(word) ?? meaning) !== meaning) return undefined;
      words.set(word, meaning);
    }
  }
  if (new Set(words.values()).size < words.size) return undefined;
  // A word that was never right must not become one that is.
  return (word) => words.get(word) ?? `\0${word}`;
}
