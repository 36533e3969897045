import { RunError } from '@hubfuse/plugin';
import type { Gate, GateComparison, GateCondition, GateNumber } from './gate.ts';

/**
 * The score behind each name of a gate, as a fraction. `published` is null where the target holds nothing yet: that is
 * below every score.
 */
export type GateValues = Readonly<Record<string, number | null>>;

/** One side of a comparison. */
export interface GateSide {
  /** With names: `best_parent + 0.01`. */
  text: string;
  /** null where it depends on what is published and nothing is. */
  value: number | null;
  /** The figures behind its names. */
  figures: GateValues;
}

/** One comparison of a gate with both sides. */
export interface GateComparisonResult {
  /** `mean > best_parent` */
  text: string;
  met: boolean;
  operator: GateComparison;
  left: GateSide;
  right: GateSide;
}

export interface GateResult {
  met: boolean;
  /** All comparisons of the gate in order, whether or not they decided. */
  comparisons: readonly GateComparisonResult[];
  /** One line: `mean 0.8157 > best_parent 0.2475: met`. */
  explanation: string;
}

/**
 * Decides a gate. Every comparison is computed, so that a report can show all figures.
 *
 * @throws RunError `run/gate-value` where a name has no value, or one that is no number.
 */
export function evaluateGate(gate: Gate, values: GateValues): GateResult {
  const comparisons: GateComparisonResult[] = [];
  const decide = (condition: GateCondition): boolean => {
    switch (condition.kind) {
      case 'comparison': {
        const result = compare(condition, values);
        comparisons.push(result);
        return result.met;
      }
      case 'not':
        return !decide(condition.operand);
      case 'and':
      case 'or': {
        const left = decide(condition.left);
        const right = decide(condition.right);
        return condition.kind === 'and' ? left && right : left || right;
      }
    }
  };
  const met = decide(gate.condition);
  return { met, comparisons, explanation: comparisons.map(explain).join('; ') };
}

function compare(
  { operator, left, right }: GateCondition & { kind: 'comparison' },
  values: GateValues,
): GateComparisonResult {
  const a = numberFor(left, values);
  const b = numberFor(right, values);
  const met = { '>': a > b, '>=': a >= b, '<': a < b, '<=': a <= b }[operator];
  const leftSide = sideOf(left, a, values);
  const rightSide = sideOf(right, b, values);
  return { text: `${leftSide.text} ${operator} ${rightSide.text}`, met, operator, left: leftSide, right: rightSide };
}

function sideOf(number: GateNumber, value: number, values: GateValues): GateSide {
  const figures = Object.fromEntries(namesOf(number).map((name) => [name, values[name] ?? null]));
  return { text: textOf(number), value: Number.isFinite(value) ? value : null, figures };
}

/** What is not published yet is below every score: -Infinity, so that `mean - published > 0.01` is met as well. */
function numberFor(number: GateNumber, values: GateValues): number {
  switch (number.kind) {
    case 'number':
      return number.value;
    case 'name':
      return lookUp(number.name, values) ?? Number.NEGATIVE_INFINITY;
    case 'negative':
      return -numberFor(number.operand, values);
    case 'sum': {
      const left = numberFor(number.left, values);
      const right = numberFor(number.right, values);
      return number.operator === '+' ? left + right : left - right;
    }
  }
}

function namesOf(number: GateNumber): string[] {
  switch (number.kind) {
    case 'number':
      return [];
    case 'name':
      return [number.name];
    case 'negative':
      return namesOf(number.operand);
    case 'sum':
      return [...namesOf(number.left), ...namesOf(number.right)];
  }
}

function lookUp(name: string, values: GateValues): number | null {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === null && name === 'published') return null;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new RunError({ code: 'run/gate-value', message: `the gate needs "${name}", which has no score` });
}

function textOf(number: GateNumber): string {
  switch (number.kind) {
    case 'number':
      return String(number.value);
    case 'name':
      return /^[A-Za-z_]\w*$/.test(number.name) ? number.name : `"${number.name}"`;
    case 'negative':
      return `-${number.operand.kind === 'sum' ? `(${textOf(number.operand)})` : textOf(number.operand)}`;
    case 'sum': {
      const right = number.right.kind === 'sum' ? `(${textOf(number.right)})` : textOf(number.right);
      return `${textOf(number.left)} ${number.operator} ${right}`;
    }
  }
}

function explain({ operator, left, right, met }: GateComparisonResult): string {
  return `${sideText(left)} ${operator} ${sideText(right)}: ${met ? 'met' : 'not met'}`;
}

function sideText({ text, value }: GateSide): string {
  if (value === null) return `${text} (nothing published)`;
  return text === String(value) ? text : `${text} ${value.toFixed(4)}`;
}
