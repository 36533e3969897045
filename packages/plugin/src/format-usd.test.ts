import { expect, test } from 'vitest';
import { formatUsd } from './format-usd.ts';

test('dollars keep two figures, and no amount is shown as nothing', () => {
  expect([0, 0.00001, 0.0543, 3.2, 1240.4].map(formatUsd)).toEqual([
    '$0',
    'less than $0.0001',
    '$0.054',
    '$3.20',
    '$1,240',
  ]);
});
