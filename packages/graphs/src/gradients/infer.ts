import type { Dimension } from './dimension.ts';
import type { OperatorRule } from './rule.ts';

type Infer = OperatorRule['infer'];

/** The output has the shape of one input. */
export function sameAs(input: number): Infer {
  return ({ inputs }) => {
    const facts = inputs[input];
    return facts === undefined ? undefined : { shape: facts.shape };
  };
}

/** The output has the shape that all inputs are broadcast to. */
export const broadcast: Infer = ({ inputs }) => {
  const shapes = inputs.flatMap((facts) => (facts === undefined ? [] : [facts.shape]));
  if (shapes.length < inputs.length) return undefined;
  const shape = shapes.reduce<readonly Dimension[] | undefined>(
    (left, right) => left && broadcastShapes(left, right),
    [],
  );
  return shape && { shape };
};

/** The shape that two are broadcast to; undefined where it depends on what a free dimension will be. */
export function broadcastShapes(
  left: readonly Dimension[],
  right: readonly Dimension[],
): readonly Dimension[] | undefined {
  const rank = Math.max(left.length, right.length);
  const shape: Dimension[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const a = left[axis - rank + left.length] ?? 1;
    const b = right[axis - rank + right.length] ?? 1;
    if (a !== b && a !== 1 && b !== 1) return undefined;
    shape.push(a === 1 ? b : a);
  }
  return shape;
}
