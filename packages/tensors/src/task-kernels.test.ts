import { expect, test } from 'vitest';
import { KernelInstance, KernelMemory } from './kernels.ts';

/** Signs, zeros of both signs, values whose product underflows; lengths around bytes and vectors. */
const VALUES = [1, -2, 0, -0, 3e-30, -4e-30, 5, -6, 7];
const LENGTHS = [1, 3, 4, 5, 7, 8, 9, 12, 13, 30];

function rows(length: number) {
  const memory = new KernelMemory();
  const { tasks } = new KernelInstance(memory);
  memory.reserve(1 << 16);
  const fill = (shift: number) => {
    const row = memory.float32(length);
    // What stands in the padding must not matter.
    new Float32Array(row.buffer, row.byteOffset, Math.ceil(length / 4) * 4).fill(9);
    for (let i = 0; i < length; i++) row[i] = VALUES[(i * shift + shift) % VALUES.length] as number;
    return row;
  };
  return { tasks, x: fill(2), y: fill(5), out: memory.float32(length), bits: memory.bytes(8).fill(255) };
}

const agrees = (a = 0, b = 0) => (a > 0 && b > 0) || (a < 0 && b < 0);

test.each(LENGTHS)('a mask of %i values has a bit where the signs agree, and zeros behind the last', (length) => {
  const { tasks, x, y, bits } = rows(length);
  tasks.packAgreement(bits, x, y);
  const used = Math.ceil(length / 8);
  const found = Array.from({ length: used * 8 }, (_, i) => (((bits[i >> 3] as number) >> (i & 7)) & 1) === 1);
  expect(found).toEqual(Array.from({ length: used * 8 }, (_, i) => i < length && agrees(x[i], y[i])));
  expect([...bits.subarray(used)].every((byte) => byte === 255)).toBe(true);
});

test.each(LENGTHS)('the sum over %i values counts the second row where the signs agree', (length) => {
  const { tasks, x, y } = rows(length);
  const expected = [...y].reduce((sum, value, i) => sum + (agrees(x[i], value) ? Math.abs(value) : 0), 0);
  expect(tasks.agreeingSum(x, y)).toBeCloseTo(expected, 12);
});

test.each(LENGTHS)('addMasked over %i values leaves the base where the bit is not set', (length) => {
  const { tasks, x, y, out, bits } = rows(length);
  tasks.packAgreement(bits, x, y);
  tasks.addMasked(out, x, { vector: y, bits, scale: 0.3 });
  const expected = [...x].map((value, i) =>
    agrees(value, y[i]) ? Math.fround(value + 0.3 * (y[i] as number)) : value,
  );
  expect([...out]).toEqual(expected);
});
