import { expect, test } from 'vitest';
import { formatAge, formatBytes, formatCount, formatDuration, formatUsd, percent, points } from './units.ts';

test('sizes, counts and shares are written as people read them', () => {
  expect([0, 1023, 1024, 1536, 250 * 1024 ** 2, 3 * 1024 ** 4].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '250 MiB',
    '3.0 TiB',
  ]);
  expect([12, 1200, 124_000_000, 7_240_000_000].map(formatCount)).toEqual(['12', '1.2 k', '124 M', '7.2 B']);
  expect([undefined, Number.NaN, 0.81637, 1].map(percent)).toEqual(['–', '–', '81.64', '100.00']);
  expect([0.012, -0.0035, 0, -0.00001].map(points)).toEqual(['+1.20', '−0.35', '±0.00', '±0.00']);
});

test('spans of time carry over', () => {
  expect([0.2, 41.2, 59.7, 200, 3600, 7500].map(formatDuration)).toEqual([
    '<1 s',
    '41 s',
    '1 min',
    '3 min 20 s',
    '1 h',
    '2 h 5 min',
  ]);
});

test('an age says less the older something is', () => {
  const now = new Date('2026-11-30T12:00:00Z');
  const ago = (seconds: number) => formatAge(new Date(now.getTime() - seconds * 1000), now);
  expect([3, 300, 7200, 86_400, 3 * 86_400].map(ago)).toEqual([
    'just now',
    '5 min ago',
    '2 h ago',
    'yesterday',
    '3 days ago',
  ]);
  expect(formatAge(new Date('2025-03-12T12:00:00Z'), now)).toBe('12 Mar 2025');
});

test('dollars keep two figures, and no amount is shown as nothing', () => {
  expect([0, 0.00001, 0.0543, 0.5, 3.2, 1240.4].map(formatUsd)).toEqual([
    '$0',
    '<$0.0001',
    '$0.054',
    '$0.50',
    '$3.20',
    '$1,240',
  ]);
});
