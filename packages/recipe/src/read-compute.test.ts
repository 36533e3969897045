import { expect, test } from 'vitest';
import { read, refusal } from '../test/reading.ts';

const computed = (compute: string) => `merge_method: linear\nmodels: [a/b, c/d]\ncompute: ${compute}\n`;

test('a recipe says how many workers execute its runs together', () => {
  expect(read(computed('{children: 4}')).compute).toEqual({ children: 4 });
  expect(read(computed('{}')).compute?.children).toBeUndefined();
});

test.each([
  ['{children: 0}', 'recipe/wrong-type', 'a whole number from 1'],
  ['{children: 10001}', 'recipe/out-of-range', 'at most 10000'],
  ['{childs: 2}', 'recipe/unknown-key', 'children'],
])('%s is refused', (compute, code, text) => {
  expect(refusal(computed(compute))).toMatchObject({ code, message: expect.stringContaining(text) });
});
