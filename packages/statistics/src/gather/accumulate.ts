import { triangleOffset } from '../format/triangle.ts';
import type { Contribution } from '../measure.ts';

/** Adds one output of a run to the float64 sums of its entry. */
export function accumulate(sums: Float64Array, values: Float32Array, contribution: Contribution): void {
  switch (contribution.rule) {
    case 'sum':
      for (let at = 0; at < sums.length; at++) sums[at] = (sums[at] as number) + (values[at] as number);
      return;
    case 'squares':
      for (let at = 0; at < sums.length; at++) {
        const value = values[at] as number;
        sums[at] = (sums[at] as number) + value * value;
      }
      return;
    case 'upper':
      addUpper(sums, values, contribution);
      return;
  }
}

/** Adds the part on and above the diagonal of a strip of a symmetric matrix to the triangle of sums. */
function addUpper(
  sums: Float64Array,
  values: Float32Array,
  { width, firstRow, rows }: Extract<Contribution, { rule: 'upper' }>,
): void {
  const stride = width - firstRow;
  for (let i = 0; i < rows; i++) {
    let to = triangleOffset(width, firstRow + i);
    const end = (i + 1) * stride;
    for (let from = i * stride + i; from < end; from++, to++) {
      sums[to] = (sums[to] as number) + (values[from] as number);
    }
  }
}
