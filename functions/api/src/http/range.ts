/** A part of a file; `end` is exclusive. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * The range that a `Range` header asks for: undefined where the whole is to be sent (no header, another unit, several
 * ranges, nonsense), `unsatisfiable` where the file has no such bytes (RFC 9110, section 14).
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}
