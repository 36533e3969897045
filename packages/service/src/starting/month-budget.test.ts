import { type RunState, readRun } from '@hubfuse/runs';
import { afterAll, expect, test } from 'vitest';
import { setState } from '../../test/runs.ts';
import { removeFolders, testServices } from '../../test/services.ts';
import { startRun } from './start-run.ts';

afterAll(removeFolders);

const recipe = (limits: string) => ({ text: `merge_method: linear\nmodels: [ana/one, bob/two]\nlimits: ${limits}\n` });

async function served(settings: Parameters<typeof testServices>[1] = {}) {
  const opened = await testServices('memory', settings);
  opened.hub.addModel('ana/one');
  opened.hub.addModel('bob/two');
  const { store } = opened.services;
  /** Has a run be as if it had been executed so far. */
  const set = (id: string, change: Partial<RunState>) => setState(store, id, change);
  const cost = (spentUsd: number, high?: number) => ({
    ...{ launcher: 'aws-batch', machine: 'm', spentUsd, verified: true },
    ...(high === undefined ? {} : { estimatedUsd: { low: 0, expected: high / 2, high } }),
  });
  const limitOf = async (id: string) => (await readRun({ store, runId: id })).spec.limits.usd;
  return { ...opened, set, cost, limitOf };
}

test('a run may cost what the others of its recipe have left over of the month, and none starts when nothing is left', async () => {
  const { services, set, cost, limitOf } = await served();
  const request = { recipe: recipe('{usd_per_month: 10}') };
  const first = await startRun(services, request);
  expect(await limitOf(first.id)).toBe(10);
  // Nobody knows yet what it costs: it holds all.
  await expect(startRun(services, request)).rejects.toMatchObject({
    code: 'service/usd-per-month',
    message: expect.stringContaining('may cost $10.00 in 2026-11, and its runs have cost or hold $10.00 of that'),
    hint: expect.stringContaining('2026-12-01T00:00:00.000Z'),
  });
  await set(first.id, { status: 'running', cost: cost(1, 4) });
  const second = await startRun(services, request);
  expect(await limitOf(second.id)).toBe(6);
  await set(first.id, { status: 'done', cost: cost(7, 4) });
  await set(second.id, { status: 'failed', cost: cost(2) });
  const third = await startRun(services, request);
  expect(await limitOf(third.id)).toBe(1);
});

test('a limit of the run itself keeps it from holding all, and the stricter one holds', async () => {
  const { services, limitOf } = await served();
  const request = { recipe: recipe('{usd: 4, usd_per_month: 10}') };
  const limits = [];
  for (let run = 0; run < 3; run++) limits.push(await limitOf((await startRun(services, request)).id));
  expect(limits).toEqual([4, 4, 2]);
  await expect(startRun(services, request)).rejects.toMatchObject({ code: 'service/usd-per-month' });
});

test('any number of processes that ask at once give away no more than there is', async () => {
  const { services, another, limitOf } = await served();
  const request = { recipe: recipe('{usd: 3, usd_per_month: 10}') };
  const asked = [services, ...Array.from({ length: 7 }, another)].map((each) => startRun(each, request));
  const made = (await Promise.allSettled(asked)).flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []));
  const given = await Promise.all(made.map(limitOf));
  expect(given.reduce((sum: number, usd) => sum + (usd ?? 0), 0)).toBeCloseTo(10, 9);
  expect(made).toHaveLength(4);
});

test('a month begins with nothing spent, a deleted run stays paid, and machines of your own cost nothing', async () => {
  const { services, clock, set, cost, limitOf } = await served();
  const request = { recipe: recipe('{usd_per_month: 10}') };
  const first = await startRun(services, request);
  await set(first.id, { status: 'done', cost: cost(9) });
  const second = await startRun(services, request);
  await set(second.id, { status: 'done', cost: cost(0) });
  await services.store.delete(`runs/${first.id}/state.json`);
  expect(await limitOf((await startRun(services, request)).id)).toBe(1);
  clock.now = Date.parse('2026-12-01T00:00:00Z');
  expect(await limitOf((await startRun(services, request)).id)).toBe(10);

  const own = await served({ priced: false });
  await startRun(own.services, request);
  expect(await own.limitOf((await startRun(own.services, request)).id)).toBeUndefined();
});
