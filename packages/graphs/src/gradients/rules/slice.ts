import { GraphError } from '@hubfuse/plugin';
import type { Value } from '../../graph-builder.ts';
import { frontAxis } from '../attributes.ts';
import type { Dimension } from '../dimension.ts';
import { defineRule, type GradientNode, type KnownNode, type ValueFacts } from '../rule.ts';
import { sizeAlong } from '../size-along.ts';

/** The gradient inside zeros. The start must be known before the graph runs, and the step be 1. */
export default defineRule({ operator: 'Slice', infer, gradient: pad });

interface Cut {
  axis: number;
  start: Dimension;
  end: Dimension;
}

/** What is cut along each axis; undefined where it is computed by the graph. */
function cuts({ node, inputs: [input, starts, ends, axes, steps] }: KnownNode): Cut[] | undefined {
  if (input === undefined || starts?.elements === undefined || ends?.elements === undefined) return undefined;
  const given = (index: number): boolean => (node.inputs[index] ?? '') !== '';
  if (given(4) && steps?.elements?.every((step) => step === 1) !== true) return undefined;
  const along = given(3) ? axes?.elements : starts.elements.map((_, axis) => axis);
  return along?.map((axis, index) => ({
    axis: frontAxis(Number(axis), input.shape.length),
    start: starts.elements?.[index] ?? 0,
    end: ends.elements?.[index] ?? 0,
  }));
}

function infer(known: KnownNode): ValueFacts | undefined {
  const input = known.inputs[0];
  const found = cuts(known);
  if (input === undefined || found === undefined) return undefined;
  const shape = [...input.shape];
  for (const { axis, start, end } of found) {
    const size = cutSize(shape[axis] ?? 1, start, end);
    if (size === undefined) return undefined;
    shape[axis] = size;
  }
  return { shape };
}

function cutSize(whole: Dimension, start: Dimension, end: Dimension): Dimension | undefined {
  // A free end is a length that the input has room for: a table of positions that is too short fails on its own.
  if (start === 0 && typeof end === 'string') return end;
  if (start === 0 && typeof end === 'number' && end >= 2 ** 31) return whole;
  if (typeof whole === 'string' || typeof start === 'string' || typeof end === 'string') return undefined;
  const place = (at: number): number => Math.min(whole, Math.max(0, at < 0 ? at + whole : at));
  return Math.max(0, place(end) - place(start));
}

function pad(known: GradientNode): (Value | undefined)[] {
  const { builder, values, gradient, node } = known;
  const input = values[0] as Value;
  const found = cuts(known);
  if (found?.every(({ start }) => typeof start === 'number' && start >= 0) !== true) {
    throw new GraphError({
      code: 'graph/unknown-shape',
      where: node.name,
      message: 'where a Slice starts is not known before the graph runs, or counts from the end',
    });
  }
  const before = builder.constant(
    'int64',
    found.map(({ start }) => Number(start)),
  );
  const axes = builder.constant(
    'int64',
    found.map(({ axis }) => axis),
  );
  const sizes = (value: Value) =>
    found.length === 1
      ? sizeAlong(builder, value, found[0]?.axis ?? 0)
      : builder.node('Gather', [builder.node('Shape', [value]), axes]);
  const after = builder.node('Sub', [builder.node('Sub', [sizes(input), sizes(gradient)]), before]);
  const pads = builder.node('Concat', [before, after], { axis: 0 });
  return [builder.node('Pad', [gradient, pads, undefined, axes])];
}
