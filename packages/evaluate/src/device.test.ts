import { expect, test } from 'vitest';
import { sessionThreads } from './device.ts';

test('a GPU is used by one session at a time, processors by as many as there are workers', () => {
  expect(sessionThreads('cpu', 6)).toBe(6);
  expect(sessionThreads('webgpu', 6)).toBe(1);
  expect(sessionThreads('cuda', 6)).toBe(1);
});
