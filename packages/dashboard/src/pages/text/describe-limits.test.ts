import { expect, test } from 'vitest';
import { describeLimits, describeRetention } from './describe-limits.ts';

test('what is kept and what a run may spend are said in words', () => {
  expect(describeRetention({ days: 30 })).toBe('Runs are deleted 30 days after their end.');
  expect(describeRetention({ days: 1, runs: 9 })).toBe(
    'Runs are deleted a day after their end; of those that have ended the latest 9 are kept.',
  );
  expect(describeRetention({ runs: 9 })).toBe('Of those that have ended the latest 9 are kept.');
  expect(describeLimits({ seconds: 7200, memory: 8 * 2 ** 30 })).toBe('2 h of work, 8.0 GiB of memory');
  expect(describeLimits({})).toBeUndefined();
});
