import { type GateCondition, type GateNumber, namesIn } from './gate.ts';

/**
 * Numbers that no score of the built-in metrics reaches, which looks like percent. A warning and no error, because a
 * plugin's metric may count otherwise.
 */
export function gateWarnings(condition: GateCondition): string[] {
  const beyond = new Set(
    comparisonsIn(condition)
      .flatMap(scoresBeside)
      .filter((number) => Math.abs(number) > 1),
  );
  return [...beyond].map((number) => {
    const meant = Math.abs(number) <= 100 ? `: write ${Number((number / 100).toPrecision(6))} or ${number}%` : '';
    return `the gate compares scores with ${number}, and scores are fractions${meant}`;
  });
}

type Comparison = GateCondition & { kind: 'comparison' };

function comparisonsIn(condition: GateCondition): Comparison[] {
  switch (condition.kind) {
    case 'comparison':
      return [condition];
    case 'not':
      return comparisonsIn(condition.operand);
    case 'and':
    case 'or':
      return [...comparisonsIn(condition.left), ...comparisonsIn(condition.right)];
    case 'better':
      return [];
  }
}

/** The numbers that a comparison sets beside scores. */
function scoresBeside({ left, right }: Comparison): number[] {
  const sides = [left, right];
  return sides.some((side) => namesIn(side).length > 0) ? sides.flatMap(numbersIn) : [];
}

function numbersIn(number: GateNumber): number[] {
  switch (number.kind) {
    case 'number':
      return [number.value];
    case 'name':
      return [];
    case 'negative':
      return numbersIn(number.operand);
    case 'sum':
      return [...numbersIn(number.left), ...numbersIn(number.right)];
  }
}
