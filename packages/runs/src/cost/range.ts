/** What something is expected to come to, with the least and the most that the measurements behind it allow. */
export interface Range {
  low: number;
  expected: number;
  high: number;
}

export const NOTHING: Range = { low: 0, expected: 0, high: 0 };

export function exactly(value: number): Range {
  return { low: value, expected: value, high: value };
}

export function scaled({ low, expected, high }: Range, factor: number): Range {
  return { low: low * factor, expected: expected * factor, high: high * factor };
}

export function sumOf(ranges: Iterable<Range>): Range {
  let [low, expected, high] = [0, 0, 0];
  for (const range of ranges) {
    low += range.low;
    expected += range.expected;
    high += range.high;
  }
  return { low, expected, high };
}

/** The greater of two, each end for itself: what takes place at the same time. */
export function longer(one: Range, other: Range): Range {
  return {
    low: Math.max(one.low, other.low),
    expected: Math.max(one.expected, other.expected),
    high: Math.max(one.high, other.high),
  };
}
