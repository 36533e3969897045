import { GraphError } from '@hubfuse/plugin';
import type { Value } from '../graph-builder.ts';
import { frontAxis, intAttribute } from './attributes.ts';
import type { GradientNode, KnownNode, ValueFacts } from './rule.ts';

/** Axes that a reduction sums over: those of its second input, or all. */
function knownAxes({ node, inputs: [input, axes] }: KnownNode): number[] | undefined {
  if (input === undefined) return undefined;
  const rank = input.shape.length;
  const asked = (node.inputs[1] ?? '') === '' ? [] : axes?.elements;
  if (asked === undefined) return undefined;
  if (asked.length > 0) return asked.map((axis) => frontAxis(Number(axis), rank));
  return intAttribute(node, 'noop_with_empty_axes', 0) === 1 ? [] : Array.from({ length: rank }, (_, axis) => axis);
}

/** Facts of a reduction's output. */
export function inferReduced(known: KnownNode): ValueFacts | undefined {
  const axes = knownAxes(known);
  const shape = known.inputs[0]?.shape;
  if (axes === undefined || shape === undefined) return undefined;
  const keep = intAttribute(known.node, 'keepdims', 1) === 1;
  const reduced = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return { shape: keep ? reduced : reduced.filter((_, axis) => !axes.includes(axis)) };
}

/** Axes that a reduction sums over, counted from the front. @throws GraphError where they are computed by the graph */
export function reducedAxes(reduced: GradientNode): number[] {
  const axes = knownAxes(reduced);
  if (axes !== undefined) return axes;
  throw new GraphError({
    code: 'graph/unknown-shape',
    where: reduced.node.name,
    message: `the axes of ${reduced.node.operator} are not known before the graph runs`,
  });
}

/** The gradient of a reduction's output repeated along the axes that were reduced. */
export function expandReduced(reduced: GradientNode): Value {
  const { builder, node, values, gradient } = reduced;
  const axes = reducedAxes(reduced);
  const kept =
    intAttribute(node, 'keepdims', 1) === 1
      ? gradient
      : builder.node('Unsqueeze', [gradient, builder.constant('int64', axes)]);
  return builder.node('Expand', [kept, builder.node('Shape', [values[0] as Value])]);
}
