import { triangleOffset } from '../format/triangle.ts';
import type { Contribution } from '../measure.ts';

/** Adds one output of a run to the float64 sums of its entry. */
export function accumulate(
  sums: Float64Array,
  { values, indices }: { values: Float32Array; indices?: BigInt64Array | undefined },
  contribution: Contribution,
): void {
  switch (contribution.rule) {
    case 'sum':
      addValues(sums, values);
      return;
    case 'squares':
      addSquares(sums, values);
      return;
    case 'row-squares':
      addRowSquares(sums, { values, indices: indices ?? new BigInt64Array(), width: contribution.width });
      return;
    case 'upper':
      addUpper(sums, values, contribution);
      return;
  }
}

// Millions of values in each run: four at a time are a third faster, read one by one. As an array that is taken apart they would
// take three times as long.

function addValues(sums: Float64Array, values: Float32Array): void {
  const { length } = sums;
  let at = 0;
  for (const last = length - 3; at < last; at += 4) {
    const a = values[at] as number;
    const b = values[at + 1] as number;
    const c = values[at + 2] as number;
    const d = values[at + 3] as number;
    sums[at] = (sums[at] as number) + a;
    sums[at + 1] = (sums[at + 1] as number) + b;
    sums[at + 2] = (sums[at + 2] as number) + c;
    sums[at + 3] = (sums[at + 3] as number) + d;
  }
  for (; at < length; at++) sums[at] = (sums[at] as number) + (values[at] as number);
}

function addSquares(sums: Float64Array, values: Float32Array): void {
  const { length } = sums;
  let at = 0;
  for (const last = length - 3; at < last; at += 4) {
    const a = values[at] as number;
    const b = values[at + 1] as number;
    const c = values[at + 2] as number;
    const d = values[at + 3] as number;
    sums[at] = (sums[at] as number) + a * a;
    sums[at + 1] = (sums[at + 1] as number) + b * b;
    sums[at + 2] = (sums[at + 2] as number) + c * c;
    sums[at + 3] = (sums[at + 3] as number) + d * d;
  }
  for (; at < length; at++) {
    const value = values[at] as number;
    sums[at] = (sums[at] as number) + value * value;
  }
}

/** Sums rows of equal index in float64, in their order, and adds the squares of the sums at their index. */
function addRowSquares(
  sums: Float64Array,
  { values, indices, width }: { values: Float32Array; indices: BigInt64Array; width: number },
): void {
  const rows = new Map<bigint, Float64Array>();
  for (const [place, index] of indices.entries()) {
    const row = rows.get(index) ?? new Float64Array(width);
    rows.set(index, row);
    const from = place * width;
    for (let k = 0; k < width; k++) row[k] = (row[k] as number) + (values[from + k] as number);
  }
  for (const [index, row] of rows) {
    const to = Number(index) * width;
    for (let k = 0; k < width; k++) {
      const value = row[k] as number;
      sums[to + k] = (sums[to + k] as number) + value * value;
    }
  }
}

/** Adds the part on and above the diagonal of a block of a symmetric matrix to the triangle of sums. */
function addUpper(
  sums: Float64Array,
  values: Float32Array,
  { width, firstRow, rows, firstColumn, columns }: Extract<Contribution, { rule: 'upper' }>,
): void {
  for (let i = 0; i < rows; i++) {
    const row = firstRow + i;
    const below = Math.max(0, row - firstColumn);
    const to = triangleOffset(width, row) + firstColumn + below - row;
    addValues(sums.subarray(to, to + columns - below), values.subarray(i * columns + below, (i + 1) * columns));
  }
}
