import { serialize } from 'node:v8';
import { expect, test } from 'vitest';
import { fromBytes, PARTS_FORMAT, toBytes } from './structured-bytes.ts';

test('what JSON does not keep comes back', () => {
  const value = { sums: new Float64Array([1, -0, Number.POSITIVE_INFINITY]), none: undefined };
  expect(fromBytes(toBytes(value))).toEqual(value);
});

test.each([
  ['of another version', serialize({ format: PARTS_FORMAT + 1, value: 1 }), `format ${PARTS_FORMAT + 1}`],
  ['of a version without a number', serialize({ size: 1 }), 'cannot be read'],
  ['damaged', new Uint8Array([1, 2, 3]), 'cannot be read'],
])('bytes %s are refused', (_, bytes, message) => {
  expect(() => fromBytes(bytes)).toThrow(
    expect.objectContaining({ code: 'merge/unreadable-part', message: expect.stringContaining(message) }),
  );
});
