import { expect, test } from 'vitest';
import { checkKey, toSegment } from './keys.ts';

test.each([
  ['Support intents, v2', 'Support-intents-v2'],
  ['..', 'x'],
  ['con', 'x-con'],
  ['.hidden.', 'hidden'],
  ['x'.repeat(300), 'x'.repeat(80)],
])('%j becomes a segment that a key can hold', (text, segment) => {
  expect(toSegment(text)).toBe(segment);
  expect(checkKey(toSegment(text))).toEqual([segment]);
});
