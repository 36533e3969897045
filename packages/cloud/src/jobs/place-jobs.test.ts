import type { RunPlan } from '@hubfuse/runs';
import { expect, test } from 'vitest';
import { timedPlan } from '../../../runs/test/timed-plan.ts';
import { placeJobs, placeOneJob } from './place-jobs.ts';

const machine = (name: string, usd: number, more: object = {}) => ({
  ...{ name, cpu: '8 vCPU', ram: '32 GB', accelerator: null, unitCostUSD: usd, unitLabel: 'hour' },
  ...more,
});
const SMALL = machine('cpu-upgrade', 0.03, { ephemeralStorage: '30 GB' });
const LARGE = machine('cpu-xl', 1, { ram: '124 GB' });
const hub = (...hardware: ReturnType<typeof machine>[]) => ({
  address: 'https://hub.example',
  hardware: async () => hardware,
});
/** Three models and a base of four thousand million parameters: 32 GB of inputs, 8 GB of weights. */
function plan(change: { children?: number; phases?: RunPlan['phases'] } = {}): RunPlan {
  const { children, phases = ['fetch', 'merge', 'assemble'] } = change;
  const made = timedPlan({ method: 'pcb', side: 8192, matrices: 60, phases }) as RunPlan;
  const compute = children === undefined ? undefined : { children };
  return { ...made, merge: { ...made.merge, statistics: [] }, recipe: { ...made.recipe, compute } };
}
const configuration = {};

test('the cheapest machine whose disk suffices is taken; what the Hub does not tell of a disk, its documentation does', async () => {
  const placed = await placeJobs(hub(SMALL, LARGE), { configuration, plan: plan() });
  expect(placed).toMatchObject({ children: 1, tariff: { machine: { name: 'cpu-xl' } } });
  expect(placed.tariff.machines).toBeUndefined();
  expect(await placeJobs(hub(SMALL, LARGE), { configuration, plan: undefined })).toMatchObject({
    tariff: { machine: { name: 'cpu-upgrade' } },
  });
});

test('a run is shared where its recipe says so, or no machine has the disk, or one would take too long; all are paid for', async () => {
  expect(await placeJobs(hub(LARGE), { configuration, plan: plan({ children: 6 }) })).toMatchObject({
    ...{ children: 6, tariff: { machines: 6 } },
  });
  const { children, tariff } = await placeJobs(hub(SMALL), { configuration, plan: plan() });
  expect(children).toBeGreaterThan(1);
  expect(tariff.machines).toBe(children);
  expect((await placeJobs(hub(LARGE), { configuration, plan: plan(), seconds: 36_000 })).children).toBe(1);
  expect((await placeJobs(hub(LARGE), { configuration, plan: plan(), seconds: 320 })).children).toBeGreaterThan(1);
});

test('where no machine fits, the error says what each has too little of', async () => {
  const scoring = plan({ phases: ['fetch', 'merge', 'evaluate', 'assemble'] });
  await expect(placeJobs(hub(SMALL), { configuration, plan: scoring })).rejects.toMatchObject({
    code: 'launcher/no-flavor',
    message: expect.stringMatching(/cpu-upgrade: .*disk 30\.0 GB of \d+\.\d GB/),
  });
  await expect(placeJobs(hub(SMALL), { configuration: { flavors: ['l4x1'] }, plan: scoring })).rejects.toThrow(
    'none is offered',
  );
});

test('a run that scores takes a GPU where there is an image that uses it, and processors where there is none', async () => {
  const scoring = plan({ phases: ['fetch', 'merge', 'evaluate', 'assemble'] });
  const gpu = machine('l40sx1', 1.8, { accelerator: { quantity: '1', vram: '48 GB' }, ram: '62 GB' });
  // A session is on one GPU, and the Hub tells the memory of all together.
  const two = machine('a10g-largex2', 1.7, { accelerator: { quantity: '2', vram: '48 GB' }, ram: '92 GB' });
  const offer = hub(LARGE, two, gpu);
  expect(await placeJobs(offer, { configuration: { gpuImage: 'i' }, plan: scoring })).toMatchObject({
    ...{ onGpu: true, tariff: { machine: { name: 'l40sx1' } } },
  });
  expect(await placeJobs(offer, { configuration, plan: scoring })).toMatchObject({
    ...{ onGpu: false, tariff: { machine: { name: 'cpu-xl' } } },
  });
  // A GPU that is there and not needed is no reason for the other image.
  expect(await placeJobs(hub(gpu), { configuration: { gpuImage: 'i' }, plan: plan() })).toMatchObject({ onGpu: false });
});

test('jobs that stand decide how many there are and on what', async () => {
  const found = { children: 3, flavor: 'cpu-xl' };
  expect(await placeJobs(hub(SMALL, LARGE), { configuration, plan: undefined, found })).toMatchObject({
    ...{ children: 3, tariff: { machine: { name: 'cpu-xl' }, machines: 3 } },
  });
});

test('a webhook starts one job, so a recipe that wants several workers is refused, and not quietly given one', async () => {
  expect(await placeOneJob(hub(SMALL, LARGE), { configuration, plan: plan({ children: 1 }) })).toMatchObject({
    ...{ children: 1, onGpu: false, tariff: { machine: { name: 'cpu-xl' } } },
  });
  await expect(placeOneJob(hub(LARGE), { configuration, plan: plan({ children: 4 }) })).rejects.toMatchObject({
    ...{ code: 'launcher/one-job', where: 'compute.children' },
    message: expect.stringContaining('the recipe wants 4 workers'),
  });
});
