import type { RunPlan } from '@hubfuse/runs';
import { expect, test } from 'vitest';
import { timedPlan } from '../../../runs/test/timed-plan.ts';
import type { BatchQueue } from './configuration.ts';
import { placeRun } from './place-run.ts';

const GIB = 2 ** 30;
const queue = (name: string, scratch: number): BatchQueue => ({
  ...{ name, jobDefinition: name, vcpus: 8, memory: 32 * GIB, scratch: scratch * GIB },
});
/** Three models and a base of four thousand million parameters: 32 GB of inputs, 8 GB of weights. */
function plan(change: { children?: number; phases?: RunPlan['phases'] } = {}): RunPlan {
  const { children, phases = ['fetch', 'merge', 'assemble'] } = change;
  const made = timedPlan({ method: 'pcb', side: 8192, matrices: 60, phases }) as RunPlan;
  const compute = children === undefined ? undefined : { children };
  return { ...made, merge: { ...made.merge, statistics: [] }, recipe: { ...made.recipe, compute } };
}

test('a run gets one worker where a machine has the disk for it', () => {
  expect(placeRun({ queues: [queue('large', 200)], plan: plan() })).toMatchObject({
    children: 1,
    queue: { name: 'large' },
  });
});

test('a merge beyond the disk of every machine is shared by as few workers as do', () => {
  const queues = [queue('small', 50)];
  const { children, needed } = placeRun({ queues, plan: plan() });
  expect(children).toBeGreaterThan(1);
  expect(needed.scratch).toBeLessThanOrEqual(50 * GIB);
  const fewer = () => placeRun({ queues, plan: plan({ children: children - 1 }) });
  expect(fewer).toThrow('no queue of AWS Batch has a machine for this run');
});

test('a merge that would take longer than it may is shared, and so is one whose recipe says so', () => {
  const queues = [queue('large', 200)];
  expect(placeRun({ queues, plan: plan(), seconds: 36_000 }).children).toBe(1);
  expect(placeRun({ queues, plan: plan(), seconds: 400 }).children).toBeGreaterThan(1);
  expect(placeRun({ queues, plan: plan({ children: 1 }), seconds: 400 }).children).toBe(1);
  expect(placeRun({ queues, plan: plan({ children: 6 }) }).children).toBe(6);
});

test('whoever scores needs whole models, so that more workers are of no help', () => {
  const scoring = plan({ phases: ['fetch', 'merge', 'evaluate', 'assemble'] });
  expect(() => placeRun({ queues: [queue('small', 50)], plan: scoring })).toThrow('scratch 50.0 GiB');
  expect(placeRun({ queues: [queue('large', 200)], plan: undefined }).children).toBe(1);
});
