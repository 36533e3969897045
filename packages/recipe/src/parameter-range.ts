import type { NumberParameter } from '@hubfuse/plugin';
import type { FindingDetails } from './findings.ts';

/** What is wrong with a number by the parameter's declared range; undefined where nothing is. */
export function rangeProblem(options: {
  name: string;
  parameter: NumberParameter;
  value: number;
  /** The value as the recipe writes it. */
  shown: string;
}): FindingDetails | undefined {
  const { name, parameter, value, shown } = options;
  const { minimum, maximum, exclusiveMinimum } = parameter;
  const code = 'recipe/out-of-range';
  if (parameter.integer && !Number.isInteger(value)) {
    return { code, message: `${name} is ${shown}`, hint: `${name} is a whole number` };
  }
  const tooSmall = minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum);
  if (!tooSmall && (maximum === undefined || value <= maximum)) return undefined;
  const range = rangeText(parameter);
  const guess = maximum === 1 && minimum === 0 ? shareGuess(value) : undefined;
  const hint =
    minimum === 0 && maximum === 1
      ? `${name} is a share in ${range}`
      : `${name} must be ${isInterval(parameter) ? 'in ' : ''}${range}`;
  return {
    code,
    message: `${name} is ${shown}, ${missedRange(parameter)}`,
    hint: guess === undefined ? hint : `${hint}; was ${guess} meant?`,
  };
}

/** `(0, 1]`, `at least 0` */
function rangeText({ minimum, maximum, exclusiveMinimum }: NumberParameter): string {
  if (minimum !== undefined && maximum !== undefined) return `${exclusiveMinimum ? '(' : '['}${minimum}, ${maximum}]`;
  if (minimum !== undefined) return `${exclusiveMinimum ? 'above' : 'at least'} ${minimum}`;
  return maximum === undefined ? 'any number' : `at most ${maximum}`;
}

/** What a number that is wrong is: `outside (0, 1]`, `not at least 0` */
export function missedRange(parameter: NumberParameter): string {
  return `${isInterval(parameter) ? 'outside' : 'not'} ${rangeText(parameter)}`;
}

function isInterval({ minimum, maximum }: NumberParameter): boolean {
  return minimum !== undefined && maximum !== undefined;
}

/** 1.7 -> `0.17 (17 %)`, 20 -> `0.2 (20 %)` */
function shareGuess(value: number): string | undefined {
  if (value <= 1 || value > 100) return undefined;
  const share = value < 10 ? value / 10 : value / 100;
  return `${round(share)} (${round(share * 100)} %)`;
}

function round(value: number): number {
  return Number(value.toPrecision(6));
}
