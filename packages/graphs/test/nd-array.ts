/** An array in row order, in float64 whatever its element type in the graph: whole numbers and truth values too. */
export interface NdArray {
  dimensions: readonly number[];
  data: Float64Array;
}

export const size = (dimensions: readonly number[]): number => dimensions.reduce((total, length) => total * length, 1);

export function array(dimensions: readonly number[], fill: (index: number) => number): NdArray {
  return { dimensions, data: Float64Array.from({ length: size(dimensions) }, (_, index) => fill(index)) };
}

/** The place of each dimension's neighbour in row order. */
export function strides(dimensions: readonly number[]): number[] {
  const steps = new Array<number>(dimensions.length).fill(1);
  for (let axis = dimensions.length - 2; axis >= 0; axis--) {
    steps[axis] = (steps[axis + 1] ?? 1) * (dimensions[axis + 1] ?? 1);
  }
  return steps;
}

/** The index along every axis of an element in row order. */
export function unravel(index: number, dimensions: readonly number[]): number[] {
  return strides(dimensions).map((step, axis) => Math.floor(index / step) % Math.max(1, dimensions[axis] ?? 1));
}

/** The element at an index along every axis. */
export function at(source: NdArray, index: readonly number[]): number {
  const steps = strides(source.dimensions);
  return source.data[index.reduce((sum, place, axis) => sum + place * (steps[axis] ?? 0), 0)] ?? Number.NaN;
}

/** An array whose elements are found by their index along every axis. */
export function byIndex(dimensions: readonly number[], element: (index: number[]) => number): NdArray {
  return array(dimensions, (index) => element(unravel(index, dimensions)));
}

export function broadcastDimensions(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, axis) => {
    const lengths = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const wide = lengths.find((length) => length !== 1) ?? 1;
    if (lengths.some((length) => length !== 1 && length !== wide))
      throw new Error(`no broadcast of ${shapes.join(' | ')}`);
    return wide;
  });
}

/** The element of a smaller array that stands at an index of the array that it is broadcast to. */
export function broadcastAt(source: NdArray, index: readonly number[]): number {
  const extra = index.length - source.dimensions.length;
  return at(
    source,
    source.dimensions.map((length, axis) => (length === 1 ? 0 : (index[axis + extra] ?? 0))),
  );
}

/** Combines arrays element by element after broadcasting. */
export function combine(sources: readonly NdArray[], element: (...values: number[]) => number): NdArray {
  return byIndex(broadcastDimensions(sources.map(({ dimensions }) => dimensions)), (index) =>
    element(...sources.map((source) => broadcastAt(source, index))),
  );
}

export function permute(source: NdArray, order: readonly number[]): NdArray {
  return byIndex(
    order.map((axis) => source.dimensions[axis] ?? 1),
    (index) => {
      const original: number[] = [];
      for (const [place, axis] of order.entries()) original[axis] = index[place] ?? 0;
      return at(source, original);
    },
  );
}

/** Product of matrices, and of stacks of matrices after broadcasting. */
export function multiply(left: NdArray, right: NdArray): NdArray {
  const stack = broadcastDimensions([left.dimensions.slice(0, -2), right.dimensions.slice(0, -2)]);
  const inner = left.dimensions.at(-1) ?? 0;
  return byIndex([...stack, left.dimensions.at(-2) ?? 0, right.dimensions.at(-1) ?? 0], (index) => {
    const [outer, row, column] = [index.slice(0, -2), index.at(-2) ?? 0, index.at(-1) ?? 0];
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      sum += broadcastAt(left, [...outer, row, k]) * broadcastAt(right, [...outer, k, column]);
    }
    return sum;
  });
}

/** Folds the elements along some axes, which stay with length 1. */
export function fold(
  source: NdArray,
  axes: readonly number[],
  options: { start: number; step: (sum: number, value: number) => number },
): NdArray {
  const kept = source.dimensions.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const data = new Float64Array(size(kept)).fill(options.start);
  const steps = strides(kept);
  source.data.forEach((value, index) => {
    const place = unravel(index, source.dimensions).reduce(
      (sum, along, axis) => sum + (axes.includes(axis) ? 0 : along * (steps[axis] ?? 0)),
      0,
    );
    data[place] = options.step(data[place] ?? 0, value);
  });
  return { dimensions: kept, data };
}
