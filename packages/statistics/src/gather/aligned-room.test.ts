import { expect, test } from 'vitest';
import { alignedRoom } from './aligned-room.ts';

test('every output has room of its own that begins where a cache line does', () => {
  const lengths = [3, 1, 1000, 16];
  const room = alignedRoom(lengths);
  for (const [at, values] of room.entries()) {
    expect(values).toHaveLength(lengths[at] ?? 0);
    expect(values.byteOffset % 64).toBe(0);
    values.fill(at);
  }
  for (const [at, values] of room.entries()) expect(values.every((value) => value === at)).toBe(true);
  expect(alignedRoom([])).toEqual([]);
});
