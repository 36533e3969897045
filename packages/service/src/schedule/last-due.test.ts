import { expect, test } from 'vitest';
import { lastDue } from './last-due.ts';

const at = (text: string) => Date.parse(text);

test.each([
  ['0 3 * * *', '2026-11-01T00:00:00Z', '2026-11-30T03:00:00Z', '2026-11-30T03:00:00Z'],
  ['0 3 * * *', '2026-11-01T00:00:00Z', '2026-11-30T02:59:59.999Z', '2026-11-29T03:00:00Z'],
  ['*/15 * * * *', '2026-11-30T11:50:30Z', '2026-11-30T12:14:59Z', '2026-11-30T12:00:00Z'],
  ['* * * * *', '2026-11-30T12:00:00.500Z', '2026-11-30T12:01:00Z', '2026-11-30T12:01:00Z'],
  ['@daily', '2020-01-01T00:00:00Z', '2026-12-01T00:00:00.001Z', '2026-12-01T00:00:00Z'],
  ['30 4 * * 1', '2026-11-28T00:00:00Z', '2026-11-30T12:00:00Z', '2026-11-30T04:30:00Z'],
  ['0 0 29 2 *', '2020-06-01T00:00:00Z', '2026-11-30T12:00:00Z', '2024-02-29T00:00:00Z'],
])('"%s" after %s and up to %s was last due at %s', (schedule, after, upTo, due) => {
  expect(lastDue(schedule, { after: at(after), upTo: at(upTo) })).toBe(at(due));
});

test.each([
  ['0 3 * * *', '2026-11-30T03:00:00Z', '2026-11-30T03:00:00Z'],
  ['0 3 * * *', '2026-11-30T03:00:00Z', '2026-12-01T02:59:59Z'],
  ['0 0 29 2 *', '2026-01-01T00:00:00Z', '2027-12-31T00:00:00Z'],
])('"%s" asks for nothing after %s and up to %s', (schedule, after, upTo) => {
  expect(lastDue(schedule, { after: at(after), upTo: at(upTo) })).toBeUndefined();
});
