import { expect, test } from 'vitest';
import { KernelInstance, KernelMemory } from './kernels.ts';
import { threefry } from './threefry.ts';

test('the generator gives the words that its authors publish for 20 rounds', () => {
  expect(threefry([0, 0], [0, 0])).toEqual([0x6b200159, 0x99ba4efe]);
  expect(threefry([0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff])).toEqual([0x1cb996fc, 0xbb002be7]);
  expect(threefry([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3])).toEqual([0xc4923a9c, 0x483df7a0]);
});

/** U < crossover for one element, drawn without the kernel. */
function taken(key: [number, number], element: number, crossover: number): boolean {
  const counter = Math.floor(element / 8) * 4 + (element % 4);
  const words = threefry(key, [counter % 2 ** 32, Math.floor(counter / 2 ** 32)]);
  return (words[element % 8 < 4 ? 0 : 1] as number) / 2 ** 32 < crossover;
}

test('the kernel draws the same mask for any piece of a tensor, also beyond 2^32 elements', () => {
  const memory = new KernelMemory();
  memory.reserve(1 << 16);
  const kernels = new KernelInstance(memory);
  const key: [number, number] = [0xdeadbeef, 0x12345678];
  // The last ones lie around the element where a counter of 32 bits would begin again.
  for (const offset of [0, 3, 8, 65_536, 2 ** 33 + 5, 2 ** 33 - 8, 2 ** 33 - 100]) {
    for (const length of [1, 7, 8, 29, 200]) {
      const row = memory.float32(length);
      kernels.evolution.crossoverMask(row, { key, offset, crossover: 0.3 });
      const bits = new Uint32Array(row.buffer, row.byteOffset, length);
      const expected = Array.from(bits, (_, i) => (taken(key, offset + i, 0.3) ? 0xffffffff : 0));
      expect([...bits], `${length} from ${offset}`).toEqual(expected);
    }
  }
});

test('crossover 0 takes nothing, 1 takes everything, and one half about half', () => {
  const memory = new KernelMemory();
  const kernels = new KernelInstance(memory);
  memory.reserve(1 << 20);
  const row = memory.float32(100_000);
  const share = (crossover: number): number => {
    kernels.evolution.crossoverMask(row, { key: [1, 2], offset: 0, crossover });
    return new Uint32Array(row.buffer, row.byteOffset, row.length).filter((bits) => bits !== 0).length / row.length;
  };
  expect(share(0)).toBe(0);
  expect(share(1)).toBe(1);
  expect(Math.abs(share(0.5) - 0.5)).toBeLessThan(0.01);
});
