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
  | { kind: 'not'; operand: GateCondition };

export type GateComparison = '>' | '>=' | '<' | '<=';

/** A parsed gate. Plain data: survives JSON. */
export interface Gate {
  /** As the recipe writes it. */
  text: string;
  condition: GateCondition;
  /** The names that it needs, each once, in order of appearance: what has to be scored. */
  names: readonly string[];
}
