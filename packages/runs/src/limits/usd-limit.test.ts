import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type ObjectStore, ResourceError, type Tariff } from '@hubfuse/plugin';
import { beforeEach, expect, test } from 'vitest';
import { memoryStores } from '../../test/memory-stores.ts';
import { sampleRecipe } from '../../test/recipes.ts';
import type { CostEstimate } from '../cost/estimate-cost.ts';
import { createRun } from '../create-run.ts';
import { readEvents } from '../event-log.ts';
import { executePhases } from '../execute-phases.ts';
import type { Phase } from '../phase.ts';
import { readRun } from '../read-run.ts';
import { refuseRun } from '../refuse-run.ts';
import { retryRun } from '../retry-run.ts';
import { checkExpectedCost } from './usd-limit.ts';

let store: ObjectStore;
let folder: string;
const stores = memoryStores('usd');
const { registry } = stores;
beforeEach(() => {
  ({ store, folder } = stores);
});

/** A machine that costs a dollar a second, so that a test need not wait for an hour. */
const dear: Tariff = {
  launcher: 'somewhere',
  machine: { name: 'dear.xlarge', vcpus: 1, networkBytesPerSecond: 1e9, startSeconds: 0 },
  billedSeconds: 1,
  machineHour: { what: 'dear.xlarge', usd: 3600, per: 'hour' },
};
const options = (runId: string, tariff: Tariff | undefined = dear) => ({
  ...{ store, runId, registry, hub: { cacheDir: '' }, workspace: join(folder, runId), leaseMs: 400 },
  tariff,
});
const finish = async () => ({ published: false });
const phase = (name: Phase['name'], run: Phase['run']): Phase => ({ name, run });
const make = async (usd?: number) =>
  (await createRun({ store, recipe: sampleRecipe(), limits: usd === undefined ? {} : { usd } })).id;
const estimate = (needed: number, reserveUsd = 0): CostEstimate => {
  const usd = { low: needed / 2, expected: needed, high: 2 * needed };
  return { launcher: 'somewhere', machine: 'dear.xlarge', usd, neededUsd: usd, reserveUsd, verified: false, items: [] };
};
const untilStopped: Phase['run'] = async ({ signal }) => {
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  signal.throwIfAborted();
  return {};
};
const costOf = async (id: string) => (await readRun({ store, runId: id })).state.cost;

test('a run that has cost what it may is stopped with the figures, and goes on with a higher limit', async () => {
  const id = await make(0.2);
  const stopped = executePhases(options(id), [phase('resolve', untilStopped)], finish);
  await expect(stopped).rejects.toMatchObject({
    code: 'run/usd-limit',
    where: 'limits.usd',
    message: expect.stringMatching(/has cost \$0\.\d+ so far, the last of it on dear\.xlarge, and may cost \$0\.2/),
  });
  expect(await costOf(id)).toMatchObject({ launcher: 'somewhere', machine: 'dear.xlarge', verified: false });
  expect((await costOf(id))?.spentUsd).toBeGreaterThanOrEqual(0.2);
  await retryRun({ store, runId: id, limits: { usd: 1000 } });
  expect((await executePhases(options(id), [phase('resolve', async () => ({}))], finish)).status).toBe('done');
});

test('what a run has cost is added up over its executions, with the start of each machine, and none here costs anything', async () => {
  const id = await make(1000);
  const fails = phase('resolve', async () => {
    await wait(50);
    throw new Error('no');
  });
  const slow = { ...dear, machine: { ...dear.machine, startSeconds: 10 } };
  await expect(executePhases(options(id, slow), [fails], finish)).rejects.toThrow('no');
  const first = (await costOf(id))?.spentUsd ?? 0;
  expect(first).toBeGreaterThan(10);
  await expect(executePhases(options(id, slow), [fails], finish)).rejects.toThrow('no');
  const second = (await costOf(id))?.spentUsd ?? 0;
  expect(second).toBeGreaterThan(first + 10);
  await executePhases({ ...options(id), tariff: undefined }, [phase('resolve', async () => ({}))], finish);
  expect(await costOf(id)).toMatchObject({ machine: 'this machine', spentUsd: second });
});

test('a search ends with its best while what follows can be paid, and the run is done', async () => {
  const id = await make(60);
  const phases = [
    phase('resolve', async ({ expectCost }) => {
      await expectCost(estimate(1, 59.8));
      return { next: ['search', 'merge'] };
    }),
    phase('search', async ({ isOutOfTime, signal }) => {
      while (!isOutOfTime()) await wait(20, undefined, { signal });
      return { output: 'the best so far' };
    }),
    phase('merge', async ({ output }) => ({ output: `merged ${output<string>('search')}` })),
  ];
  const state = await executePhases(options(id), phases, finish);
  expect(state).toMatchObject({ status: 'done', phases: [{}, {}, { output: 'merged the best so far' }] });
  const warnings = [];
  for await (const event of readEvents({ store, runId: id })) if (event.type === 'warning') warnings.push(event);
  expect(warnings).toMatchObject([
    { code: 'run/usd-limit', message: expect.stringContaining('up to $59.80 are kept') },
  ]);
});

test('a run that is expected to be too dear is refused before it does anything, with the figures', async () => {
  const id = await make(1);
  const resolve = phase('resolve', async ({ expectCost }) => {
    await expectCost(estimate(3));
    return {};
  });
  await expect(executePhases(options(id), [resolve], finish)).rejects.toMatchObject({
    code: 'run/usd-limit',
    message: expect.stringContaining('expected to cost $3.00 ($1.50 to $6.00) on dear.xlarge, and may cost $1.00'),
    hint: expect.stringContaining('not verified'),
  });
  expect((await costOf(id))?.estimatedUsd).toEqual({ low: 1.5, expected: 3, high: 6 });
});

test('a limit that nobody can keep, for want of a price, is refused; without a limit nothing is', () => {
  const { usd: _, neededUsd: __, ...unpriced } = estimate(1);
  const check = (limits: { usd?: number }, of: CostEstimate) => () =>
    checkExpectedCost({ runId: 'a', limits, estimate: of });
  expect(check({ usd: 5 }, unpriced)).toThrow(expect.objectContaining({ code: 'run/no-price' }));
  expect(check({}, unpriced)).not.toThrow();
  expect(check({}, estimate(1e6))).not.toThrow();
  expect(() => checkExpectedCost({ runId: 'a', limits: { usd: 5 }, estimate: estimate(3), spentUsd: 2.5 })).toThrow(
    'has cost $2.50 and is expected to cost $3.00',
  );
});

test('a run that waits is refused with the reason, and one that somebody works on is left alone', async () => {
  const error = new ResourceError({ code: 'run/usd-limit', message: 'too dear', hint: 'raise it' });
  const id = await make();
  await refuseRun({ store, runId: id, error });
  expect((await readRun({ store, runId: id })).state).toMatchObject({
    status: 'failed',
    error: { code: 'run/usd-limit' },
  });
  await retryRun({ store, runId: id });
  const refuse = phase('resolve', async () => {
    await refuseRun({ store, runId: id, error });
    return {};
  });
  expect((await executePhases(options(id), [refuse], finish)).status).toBe('done');
});

test('all machines are counted while they share something, and then the one that goes on', async () => {
  const id = await make();
  const pausing: Phase['run'] = async () => {
    await wait(150);
    return {};
  };
  const spent: number[] = [];
  const noting: Phase['run'] = async () => {
    spent.push((await costOf(id))?.spentUsd ?? 0);
    await wait(150);
    return {};
  };
  await executePhases(
    { ...options(id), children: { count: 8, index: 0 } },
    [
      phase('resolve', async () => ({ ...(await pausing({} as never)), next: ['assemble'] })),
      phase('assemble', noting),
    ],
    finish,
  );
  const cost = await costOf(id);
  expect(cost).toMatchObject({ machines: 8 });
  const [shared = 0] = spent;
  // A dollar a second for each machine.
  expect(shared).toBeGreaterThanOrEqual(8 * 0.15);
  expect((cost?.spentUsd ?? 0) - shared).toBeLessThan(shared);
});
