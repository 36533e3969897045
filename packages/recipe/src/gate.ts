/** Scores that a gate knows beside those of the recipe's datasets. All are read on development data. */
export const GATE_NAMES = ['mean', 'best_parent', 'base', 'average', 'published'] as const;
export type GateName = (typeof GATE_NAMES)[number];

/** Words that no dataset can be named. */
export const RESERVED_GATE_WORDS: readonly string[] = [...GATE_NAMES, 'and', 'or', 'not'];

/** Value of a gate's part: a score, a number, or a sum of such. */
export type GateNumber =
  | { kind: 'number'; value: number }
  | { kind: 'name'; name: string }
  | { kind: 'sum'; operator: '+' | '-'; left: GateNumber; right: GateNumber }
  | { kind: 'negative'; operand: GateNumber };

/** Condition of a gate. */
export type GateCondition =
  | { kind: 'comparison'; operator: GateComparison; left: GateNumber; right: GateNumber }
  | { kind: 'and' | 'or'; left: GateCondition; right: GateCondition }
  | { kind: 'not'; operand: GateCondition }
  /** `better(mean, published)`: the left score is higher by more than chance explains. */
  | { kind: 'better'; left: string; right: string };

export type GateComparison = '>' | '>=' | '<' | '<=';

/** A parsed gate. Plain data: survives JSON. */
export interface Gate {
  /** As the recipe writes it. */
  text: string;
  condition: GateCondition;
  /** The names that it needs, each once, in order of appearance: what has to be scored. */
  names: readonly string[];
}

/** Two names whose difference a gate reads or shows. */
export interface GatePair {
  left: string;
  right: string;
}

/**
 * The pairs of names that a gate compares with each other, each once, in order: both of every `better`, and of a comparison
 * whose sides hold two names in all, each once (`mean > best_parent + 0.01`).
 */
export function gatePairs({ condition }: Gate): GatePair[] {
  const pairs = pairsIn(condition);
  return pairs.filter(({ left, right }, at) => {
    return pairs.findIndex((other) => other.left === left && other.right === right) === at;
  });
}

function pairsIn(condition: GateCondition): GatePair[] {
  switch (condition.kind) {
    case 'not':
      return pairsIn(condition.operand);
    case 'and':
    case 'or':
      return [...pairsIn(condition.left), ...pairsIn(condition.right)];
    case 'better':
      return [{ left: condition.left, right: condition.right }];
    case 'comparison': {
      const pair = comparedPair(condition);
      return pair === undefined ? [] : [pair];
    }
  }
}

/** The two names of a comparison, where it holds exactly two and both stand for means over the same data. */
export function comparedPair(comparison: { left: GateNumber; right: GateNumber }): GatePair | undefined {
  const names = [...namesIn(comparison.left), ...namesIn(comparison.right)];
  const [left, right] = names;
  if (names.length !== 2 || left === undefined || right === undefined || left === right) return undefined;
  return isMean(left) && isMean(right) ? { left, right } : undefined;
}

function isMean(name: string): boolean {
  return (GATE_NAMES as readonly string[]).includes(name);
}

/** The names in a number, in order, each as often as it stands there. */
export function namesIn(number: GateNumber): string[] {
  switch (number.kind) {
    case 'number':
      return [];
    case 'name':
      return [number.name];
    case 'negative':
      return namesIn(number.operand);
    case 'sum':
      return [...namesIn(number.left), ...namesIn(number.right)];
  }
}
