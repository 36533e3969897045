import type { RunPlan } from '@hubfuse/runs';
import { expect, test } from 'vitest';
import { timedPlan } from '../../../runs/test/timed-plan.ts';
import { fittingFlavor } from './choose-flavor.ts';
import type { JobsAccess } from './jobs-access.ts';

const jobs = {
  hardware: async () => [{ name: 'cpu-xl', cpu: '16 vCPU', ram: '124 GB', accelerator: null, unitCostUSD: 0.02 }],
} as unknown as JobsAccess;
const fitting = (children: number | undefined) => {
  const made = timedPlan() as RunPlan;
  const plan = { ...made, recipe: { ...made.recipe, compute: children === undefined ? undefined : { children } } };
  return fittingFlavor(jobs, { configuration: {} as never, plan });
};

test('a recipe that wants several workers is refused by the launcher that starts one, and not quietly given one', async () => {
  expect((await fitting(undefined)).name).toBe('cpu-xl');
  expect((await fitting(1)).name).toBe('cpu-xl');
  await expect(fitting(4)).rejects.toMatchObject({
    code: 'launcher/one-job',
    where: 'compute.children',
    message: expect.stringContaining('the recipe wants 4 workers'),
  });
});
