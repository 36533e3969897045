import { KernelMemory } from '@hubfuse/tensors';
import { expect, test } from 'vitest';
import { NoteRoom } from './note-room.ts';

test('what a block cuts off goes to the next one, and who comes too late has no room', () => {
  const memory = new KernelMemory();
  const room = new NoteRoom({ memory, bytes: 4 * 256 });
  const first = room.of('first', 160);
  const second = room.of('second', 160);
  expect(first.room?.fill(1)).toHaveLength(160);
  first.cut?.(20);
  expect(first.room).toHaveLength(20);
  expect(second.room?.fill(2)).toHaveLength(160);
  expect([...(first.room ?? [])]).toEqual(new Array(20).fill(1));
  expect(room.of('third', 160).room).toBeUndefined();
  expect(room.of('fourth', 64).room).toHaveLength(64);
});

test('a block finds what was left of it, wherever its memory has grown to', () => {
  const memory = new KernelMemory();
  const room = new NoteRoom({ memory, bytes: 4 * 64 });
  const notes = room.of('block', 8);
  notes.room?.set([3, 1, 4, 1, 5, 9, 2, 6]);
  notes.content = 'eight values';
  memory.reserve(1 << 20);
  expect(room.of('block', 8)).toBe(notes);
  expect([...(room.of('block', 8).room ?? [])]).toEqual([3, 1, 4, 1, 5, 9, 2, 6]);
});

test('room that others have taken since cannot be cut', () => {
  const memory = new KernelMemory();
  const room = new NoteRoom({ memory, bytes: 4 * 64 });
  const [early, late] = [room.of('early', 16), room.of('late', 16)];
  early.room?.fill(1);
  late.room?.fill(2);
  early.cut?.(4);
  expect(early.room).toHaveLength(16);
  expect([...(late.room ?? [])]).toEqual(new Array(16).fill(2));
});
