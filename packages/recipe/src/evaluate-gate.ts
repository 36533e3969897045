import { RunError } from '@hubfuse/plugin';
import { comparedPair, type Gate, type GateComparison, type GateCondition, type GateNumber, namesIn } from './gate.ts';

/**
 * The score behind each name of a gate, as a fraction. `published` is null where the target holds nothing yet: that is
 * below every score.
 */
export type GateValues = Readonly<Record<string, number | null>>;

/** The difference between the scores behind two names, on the same examples, with its paired 95 % interval. */
export interface GateDifference {
  left: string;
  right: string;
  /** Left minus right, a fraction. */
  value: number;
  low: number;
  high: number;
  /** The two scores: means, or of the one dataset that is among the names. */
  scores: { left: number; right: number };
}

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
  /** `mean > best_parent`, `better(mean, published)` */
  text: string;
  met: boolean;
  operator: GateComparison | 'better';
  left: GateSide;
  right: GateSide;
  /** Between its two names, where it has two and both were scored on the same examples. */
  difference?: GateDifference;
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
 * @param differences Those of `gatePairs`, as far as they are known; `better` needs its own.
 * @throws RunError `run/gate-value` where a name has no value, or one that is no number; `run/gate-difference` where the
 * interval that `better` reads is not known.
 */
export function evaluateGate(gate: Gate, values: GateValues, differences: readonly GateDifference[] = []): GateResult {
  const comparisons: GateComparisonResult[] = [];
  const decide = (condition: GateCondition): boolean => {
    switch (condition.kind) {
      case 'comparison':
      case 'better': {
        const result =
          condition.kind === 'better'
            ? compareBetter(condition, values, differences)
            : compare(condition, values, differences);
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
  differences: readonly GateDifference[],
): GateComparisonResult {
  const a = numberFor(left, values);
  const b = numberFor(right, values);
  const met = { '>': a > b, '>=': a >= b, '<': a < b, '<=': a <= b }[operator];
  const leftSide = sideOf(left, a, values);
  const rightSide = sideOf(right, b, values);
  const pair = comparedPair({ left, right });
  const difference = pair && findDifference(differences, pair.left, pair.right);
  return {
    text: `${leftSide.text} ${operator} ${rightSide.text}`,
    met,
    operator,
    left: leftSide,
    right: rightSide,
    ...(difference === undefined ? {} : { difference }),
  };
}

/** Beside nothing published every score is better. */
function compareBetter(
  { left, right }: GateCondition & { kind: 'better' },
  values: GateValues,
  differences: readonly GateDifference[],
): GateComparisonResult {
  const side = (name: string): GateSide => {
    const value = lookUp(name, values);
    return { text: textOf({ kind: 'name', name }), value, figures: { [name]: value } };
  };
  const sides = { left: side(left), right: side(right) };
  const text = `better(${sides.left.text}, ${sides.right.text})`;
  if (sides.left.value === null || sides.right.value === null) {
    return { text, met: sides.left.value !== null, operator: 'better', ...sides };
  }
  const difference = findDifference(differences, left, right);
  if (difference === undefined) {
    throw new RunError({
      code: 'run/gate-difference',
      message: `the gate needs the interval of ${left} - ${right}, and the two were not scored on the same examples`,
    });
  }
  const scored = (at: 'left' | 'right'): GateSide => {
    const value = difference.scores[at];
    return { ...sides[at], value, figures: { [difference[at]]: value } };
  };
  return {
    text,
    met: difference.low > 0,
    operator: 'better',
    left: scored('left'),
    right: scored('right'),
    difference,
  };
}

function findDifference(
  differences: readonly GateDifference[],
  left: string,
  right: string,
): GateDifference | undefined {
  return differences.find((difference) => difference.left === left && difference.right === right);
}

function sideOf(number: GateNumber, value: number, values: GateValues): GateSide {
  const figures = Object.fromEntries(namesIn(number).map((name) => [name, values[name] ?? null]));
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

function explain({ operator, left, right, met, difference }: GateComparisonResult): string {
  const verb = operator === 'better' ? 'better than' : operator;
  const shown = difference === undefined ? '' : ` (${differenceText(difference)})`;
  return `${sideText(left)} ${verb} ${sideText(right)}${shown}: ${met ? 'met' : 'not met'}`;
}

/** `difference +0.0257, 95 % interval +0.0100 to +0.0410` */
function differenceText({ value, low, high }: GateDifference): string {
  const signed = (number: number) => `${number < 0 ? '-' : '+'}${Math.abs(number).toFixed(4)}`;
  return `difference ${signed(value)}, 95 % interval ${signed(low)} to ${signed(high)}`;
}

function sideText({ text, value }: GateSide): string {
  if (value === null) return `${text} (nothing published)`;
  return text === String(value) ? text : `${text} ${value.toFixed(4)}`;
}
