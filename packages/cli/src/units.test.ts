import { expect, test } from 'vitest';
import { formatBytes, formatDuration, parseSize } from './units.ts';

test.each([
  ['4096', 4096],
  ['1KB', 1000],
  ['1kib', 1024],
  ['500 MB', 500_000_000],
  ['512MiB', 536_870_912],
  ['1.5GB', 1_500_000_000],
  ['2GiB', 2_147_483_648],
])('the size %s is %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(['', '0', '-1', '1 XB', 'GB', '1e9', '99999999999 TB', '1,5GB', 'none'])('"%s" is no size', (text) => {
  expect(parseSize(text)).toBeUndefined();
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [2_894_372, '2.89 MB'],
  [999_999, '1.00 MB'],
  [12_393_500, '12.4 MB'],
  [1.5e9, '1.50 GB'],
])('%d bytes are shown as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0.04, '0.0 s'],
  [9.96, '10 s'],
  [59.6, '1 min 00 s'],
  [185, '3 min 05 s'],
  [7800, '2 h 10 min'],
])('%d seconds are shown as %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
