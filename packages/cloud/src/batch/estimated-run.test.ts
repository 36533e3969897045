import { openStore, registerStores } from '@hubfuse/objects';
import { Registry } from '@hubfuse/plugin';
import { createRun, estimateCost, estimateTime, type RunPlan, readRun } from '@hubfuse/runs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sampleRecipe } from '../../../runs/test/recipes.ts';
import { timedPlan } from '../../../runs/test/timed-plan.ts';
import awsBatch from '../launchers/aws-batch.ts';
import { placeOrRefuse } from '../place-or-refuse.ts';
import { timeOfRun } from '../time-of-run.ts';
import { placeRun } from './place-run.ts';

const GIB = 2 ** 30;
const queue = { name: 'q', jobDefinition: 'd', vcpus: 8, memory: 32 * GIB, scratch: 200 * GIB };
beforeEach(() => {
  vi.stubEnv('HUBFUSE_BATCH', JSON.stringify({ queues: [{ ...queue, instanceTypes: ['m6id.xlarge'] }] }));
});
afterEach(() => vi.unstubAllEnvs());

/** Three models and a base of four thousand million parameters. */
function plan(recipe: Partial<RunPlan['recipe']> = {}): RunPlan {
  const made = timedPlan({ method: 'pcb', side: 8192, matrices: 60 }) as RunPlan;
  return { ...made, merge: { ...made.merge, statistics: [] }, recipe: { ...made.recipe, ...recipe } };
}
const tariffOf = async (made: RunPlan) => {
  const tariff = await awsBatch.tariffOf?.(made);
  if (tariff === undefined) throw new Error('no tariff');
  return tariff;
};

test('what a plan costs is that of as many machines as the run will get', async () => {
  expect(await tariffOf(plan())).not.toHaveProperty('machines');
  expect(await tariffOf(plan({ compute: { children: 6 } }))).toMatchObject({ machines: 6 });
  const limited = await tariffOf(plan({ limits: { seconds: 400 } }));
  expect(limited.machines).toBeGreaterThan(1);
  expect(estimateTime(plan(), limited.machine, limited.machines).seconds.expected).toBeLessThanOrEqual(400);
  const [one, six] = [await tariffOf(plan()), await tariffOf(plan({ compute: { children: 6 } }))];
  const cost = (tariff: typeof one) => estimateCost(plan(), tariff).usd?.expected ?? 0;
  expect(cost(six)).toBeGreaterThan(cost(one));
});

test('the dollars of a run end its job sooner where more machines are paid, and leave what one does alone its time', async () => {
  const registry = new Registry();
  await registerStores(registry);
  const store = await openStore('memory:estimated-run', registry);
  const { id } = await createRun({ store, recipe: sampleRecipe(), limits: { usd: 10 } });
  const timeOf = async (children: number) => {
    const made = plan({ compute: { children } });
    return (await timeOfRun(store, id, { tariff: await tariffOf(made), plan: made })) ?? 0;
  };
  const [one, sixty] = [await timeOf(1), await timeOf(60)];
  expect(sixty).toBeLessThan(one / 20);
  const alone = estimateTime(plan(), (await tariffOf(plan())).machine, 60).phases.filter((step) => step.machines === 1);
  expect(sixty).toBeGreaterThan(one / 60 + alone.reduce((sum, { seconds }) => sum + seconds.expected, 0));
});

test('a run that no machine fits ends with what it lacks, and is not sent again and again', async () => {
  const registry = new Registry();
  await registerStores(registry);
  const store = await openStore('memory:unplaceable-run', registry);
  const { id: run } = await createRun({ store, recipe: sampleRecipe() });
  const queues = [{ ...queue, scratch: GIB }];
  const placed = await placeOrRefuse({ run, store }, () =>
    placeRun({ queues, plan: plan({ compute: { children: 1 } }) }),
  );
  expect(placed).toBeUndefined();
  const { state } = await readRun({ store, runId: run });
  expect(state).toMatchObject({ status: 'failed', error: { code: 'launcher/no-queue' } });
  const unreachable = placeOrRefuse({ run, store }, () => Promise.reject(new Error('out of reach')));
  await expect(unreachable).rejects.toThrow('out of reach');
});
