import { expect, test } from 'vitest';
import { settleAll } from './settle-all.ts';

const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

test('of two failures the first in order is thrown, whichever came first, and nothing goes on after it', async () => {
  let ended = false;
  const late = after(20).then(() => {
    throw new Error('the first');
  });
  const latest = after(30).then(() => {
    ended = true;
  });
  await expect(settleAll([late, Promise.reject(new Error('the second')), latest])).rejects.toThrow('the first');
  expect(ended).toBe(true);
});

test('values keep their order', async () => {
  expect(await settleAll([after(5).then(() => 1), 2])).toEqual([1, 2]);
});
