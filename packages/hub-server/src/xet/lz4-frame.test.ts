import { HubError } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import { ungroup } from './chunk.ts';
import { unpackFrame } from './lz4-frame.ts';

/** A frame of one block, by the letter of the format: magic, flags, block size, (unchecked) header checksum. */
function frame(block: number[], { stored = false } = {}): Uint8Array {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length + (stored ? 0x80000000 : 0));
  return Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40, 0x70, 0, ...size, ...block, 0, 0, 0, 0]);
}

const bytes = (text: string) => [...Buffer.from(text)];
const unpacked = (block: number[], length: number) => Buffer.from(unpackFrame(frame(block), length)).toString();

test('literals alone, and a stored block, come out as they are', () => {
  expect(unpacked([0x50, ...bytes('hello')], 5)).toBe('hello');
  expect(Buffer.from(unpackFrame(frame(bytes('hello'), { stored: true }), 5)).toString()).toBe('hello');
});

test('a match copies from before, and repeats itself where it overlaps', () => {
  // "abcd", then 4 + 4 bytes from 4 back, then the literal "!".
  expect(unpacked([0x44, ...bytes('abcd'), 4, 0, 0x10, ...bytes('!')], 13)).toBe('abcdabcdabcd!');
  // "abcdefgh", then 4 bytes from 8 back.
  expect(unpacked([0x80, ...bytes('abcdefgh'), 8, 0, 0x10, ...bytes('!')], 13)).toBe('abcdefghabcd!');
  // "x", then 19 + 4 + 15 + ... bytes from 1 back: a long run.
  expect(unpacked([0x1f, ...bytes('x'), 1, 0, 255, 5, 0x10, ...bytes('!')], 281)).toBe(`${'x'.repeat(280)}!`);
});

test('long literals have their length in further bytes', () => {
  const text = 'y'.repeat(15 + 255 + 7);
  expect(unpacked([0xf0, 255, 7, ...bytes(text)], text.length)).toBe(text);
});

test.each<[string, number[], number]>([
  ['cut literals', [0x50, ...bytes('hel')], 5],
  ['a match from before the beginning', [0x14, ...bytes('a'), 9, 0, 0x10, ...bytes('!')], 10],
  ['a match from nowhere', [0x14, ...bytes('a'), 0, 0, 0x10, ...bytes('!')], 10],
  ['more than announced', [0x50, ...bytes('hello')], 4],
  ['less than announced', [0x50, ...bytes('hello')], 6],
  ['a length without end', [0xf0, 255, 255], 600],
])('a block with %s is refused', (_what, block, length) => {
  expect(() => unpackFrame(frame(block), length)).toThrow(HubError);
});

test('whatever bytes come, unpacking ends and fails only with an error of ours', () => {
  const good = frame([0x44, ...bytes('abcd'), 4, 0, 0x1f, ...bytes('z'), 1, 0, 40, 0x10, ...bytes('!')]);
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (let round = 0; round < 5000; round++) {
    const mutated = Buffer.from(good.subarray(0, 1 + random(good.length)));
    for (let i = 0; i < 3; i++) mutated[random(mutated.length)] = random(256);
    try {
      expect(unpackFrame(mutated, 76).length).toBe(76);
    } catch (error) {
      expect(error).toBeInstanceOf(HubError);
    }
  }
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 10])('%i grouped bytes come back in their order', (length) => {
  const original = Array.from({ length }, (_, i) => i);
  const grouped = [0, 1, 2, 3].flatMap((place) => original.filter((i) => i % 4 === place));
  expect([...ungroup(Uint8Array.from(grouped))]).toEqual(original);
});
