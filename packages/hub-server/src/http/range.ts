/** A part of a file; `end` is exclusive. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * The one range that a `Range` header asks for (RFC 9110, 14.2).
 * @returns undefined where the whole is to be sent (no header, several ranges, another unit), `unsatisfiable` where the
 * range lies beyond the end.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size };
  }
  const start = Number(first);
  if (start >= size) return 'unsatisfiable';
  if (last === '') return { start, end: size };
  // A range that ends before it begins is not valid and is ignored.
  return Number(last) < start ? undefined : { start, end: Math.min(Number(last) + 1, size) };
}
