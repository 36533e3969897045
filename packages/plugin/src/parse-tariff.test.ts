import { expect, test } from 'vitest';
import { parseTariff } from './parse-tariff.ts';
import type { Tariff } from './tariff.ts';

const tariff: Tariff = {
  launcher: 'aws-batch',
  machine: { name: 'g6.xlarge', vcpus: 4, networkBytesPerSecond: 1e9, startSeconds: 60 },
  machines: 4,
  billedSeconds: 1,
  machineHour: { what: 'g6.xlarge', usd: 0.8, per: 'hour' },
};

test('what a launcher writes is read', () => {
  expect(parseTariff(JSON.stringify(tariff))).toEqual(tariff);
});

test.each([
  ['{', 'is no JSON'],
  ['null', 'names no launcher'],
  [JSON.stringify({ ...tariff, machine: {} }), 'names no machine'],
  [JSON.stringify({ ...tariff, machine: { name: 'x', vcpus: 4 } }), 'without its figures'],
  [JSON.stringify({ ...tariff, machines: 0 }), 'number of machines'],
  [JSON.stringify({ ...tariff, machineHour: { what: 'x', usd: -1 } }), 'a price that is none'],
])('a tariff that cannot be meant is refused', (text, message) => {
  expect(() => parseTariff(text)).toThrow(expect.objectContaining({ code: 'usage/tariff' }));
  expect(() => parseTariff(text)).toThrow(message);
});
