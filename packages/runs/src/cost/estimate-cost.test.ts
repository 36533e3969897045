import type { Tariff } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import { timedPlan } from '../../test/timed-plan.ts';
import { estimateCost } from './estimate-cost.ts';
import { estimateTime } from './estimate-time.ts';

const sourced = { source: 'https://prices.example', date: '2026-11-01' };
const tariff: Tariff = {
  launcher: 'somewhere',
  machine: { name: 'm', vcpus: 4, networkBytesPerSecond: 1e9, startSeconds: 60 },
  billedSeconds: 60,
  machineHour: { what: 'm', usd: 3.6, per: 'hour', ...sourced },
  writes: { what: 'writes', usd: 0.005, per: '1,000 requests', ...sourced },
  sent: { what: 'out', usd: 0.09, per: 'GB', ...sourced },
};
const publishing = (names: readonly string[]) => {
  const plan = timedPlan({ phases: ['fetch', 'merge', 'assemble', 'publish'] });
  const publish = { hub: names.includes('hub') ? { repo: 'a/b' } : undefined, others: [] };
  return { ...plan, recipe: { ...plan.recipe, publish } as unknown as typeof plan.recipe };
};

test('the sum is the hours of the machine in what is billed at a time, the writes, and what leaves', () => {
  const plan = publishing(['hub']);
  const time = estimateTime(plan, tariff.machine);
  const { usd, items, verified, neededUsd, reserveUsd } = estimateCost(plan, tariff);
  expect(items.map(({ what }) => what)).toEqual(['m', 'writes', 'out']);
  const minutes = Math.ceil(time.seconds.expected / 60);
  expect(items[0]?.usd.expected).toBeCloseTo(minutes * 0.06, 9);
  expect(items[2]?.usd.expected).toBeCloseTo((plan.bytes.output / 1e9) * 0.09, 9);
  expect(usd?.expected).toBeCloseTo(
    items.reduce((sum, item) => sum + item.usd.expected, 0),
    9,
  );
  expect(neededUsd).toEqual(usd);
  expect([verified, reserveUsd]).toEqual([true, 0]);
});

test('one price without its source or its date makes the sum unverified', () => {
  const { date: _, ...undated } = tariff.writes ?? {};
  expect(estimateCost(publishing([]), { ...tariff, writes: undated as Tariff['writes'] & object }).verified).toBe(
    false,
  );
  expect(estimateCost(publishing([]), tariff).verified).toBe(true);
});

test('a machine whose price nobody knows has no sum, and one of your own costs nothing', () => {
  const { machineHour: _, ...unpriced } = tariff;
  expect(estimateCost(publishing([]), unpriced)).toMatchObject({ verified: false, items: [] });
  expect(estimateCost(publishing([]), unpriced).usd).toBeUndefined();
  expect(estimateCost(publishing([]), undefined)).toMatchObject({ usd: { expected: 0, high: 0 }, verified: true });
});

test('of a search its starting points are needed, and what follows it is kept in reserve', () => {
  const search = { kind: 'evolution' as const, initial: 1, candidates: 1000, coefficients: 0 };
  const data = [{ dataset: 'd', split: 'dev' as const, kind: 'hub' as const, path: 'dev', size: 100_000 }];
  const plan = timedPlan({ phases: ['fetch', 'search', 'merge', 'assemble'], data, search });
  const { usd, neededUsd, reserveUsd } = estimateCost(plan, tariff);
  expect(neededUsd?.expected).toBeLessThan((usd?.expected ?? 0) / 5);
  expect(reserveUsd).toBeGreaterThan(0);
  expect(reserveUsd).toBeLessThan(neededUsd?.high ?? 0);
});

test('machines that share a merge are all paid until it is done, and one of them after that', () => {
  const made = publishing([]);
  const plan = { ...made, merge: { ...made.merge, statistics: [] } };
  const time = estimateTime(plan, tariff.machine, 8);
  expect(time.phases.map(({ phase, machines }) => [phase, machines])).toEqual([
    ...['start', 'resolve', 'fetch', 'merge'].map((phase) => [phase, 8]),
    ...['assemble', 'publish'].map((phase) => [phase, 1]),
  ]);
  const sum = (shared: boolean) =>
    time.phases.reduce((all, step) => (step.machines > 1 === shared ? all + step.seconds.expected : all), 0);
  const { writes: _, ...free } = tariff;
  const { usd, machines } = estimateCost(plan, { ...free, billedSeconds: 1, machines: 8 });
  expect(machines).toBe(8);
  // To the second, and a dollar of a thousand seconds of each.
  expect(usd?.expected).toBeGreaterThanOrEqual((8 * sum(true) + sum(false)) / 1000);
  expect(usd?.expected).toBeLessThan((8 * (sum(true) + 1) + sum(false) + 1) / 1000);
});

test('more machines fetch and merge less each, and one of them still puts all together', () => {
  const made = timedPlan({ side: 8192, matrices: 60 });
  const plan = { ...made, merge: { ...made.merge, statistics: [] } };
  const merge = (machines: number, change: Partial<typeof plan> = {}) =>
    estimateTime({ ...plan, ...change }, tariff.machine, machines).phases.find(({ phase }) => phase === 'merge')
      ?.seconds.expected ?? 0;
  const whole = estimateTime(plan, tariff.machine).seconds.expected;
  expect(estimateTime(plan, tariff.machine, 8).seconds.expected).toBeLessThan(whole);
  expect(merge(64)).toBeLessThan(merge(8));
  expect(merge(10_000)).toBeGreaterThan(plan.merge.totals.writeBytes / tariff.machine.networkBytesPerSecond);
  // A merge from statistics is done by one, however many there are.
  const statistics = [{}] as unknown as typeof plan.merge.statistics;
  expect(merge(8, { merge: { ...plan.merge, statistics } })).toBe(merge(1));
});
