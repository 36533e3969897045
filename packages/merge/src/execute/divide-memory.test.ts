import { defaultWorkers } from '@hubfuse/tensors';
import { expect, test } from 'vitest';
import type { MergePlan } from '../plan/merge-plan.ts';
import { divideMemory } from './divide-memory.ts';

const GIB = 2 ** 30;

/** A plan of three models with so many scalars, whose sweeps would leave `noteBytes`. */
function planOf(parameters: number, noteBytes?: number): MergePlan {
  return {
    models: 3,
    statistics: [],
    tensors: [{ length: parameters, parts: [] }],
    totals: { parameters, ...(noteBytes === undefined ? {} : { noteBytes }) },
  } as unknown as MergePlan;
}

test('notes have room where half of the most that they may take fits, within what is granted', () => {
  const plan = planOf(1e8, 0.9 * GIB);
  const divided = divideMemory({ plan, workers: 2, memory: GIB });
  expect(divided.noteBytes).toBeGreaterThan(0.2 * GIB);
  expect(divided.peakBytes).toBeLessThanOrEqual(GIB);
  expect(divideMemory({ plan, workers: 2, memory: GIB / 2 }).noteBytes).toBe(0);
  expect(divideMemory({ plan: planOf(1e8), workers: 2, memory: GIB }).noteBytes).toBe(0);
});

test('however much is granted, notes leave room in memory of four GiB', () => {
  const plan = planOf(1e9, 6 * GIB);
  expect(divideMemory({ plan, workers: 2, memory: 64 * GIB }).noteBytes).toBe(2 * GIB);
  expect(divideMemory({ plan: planOf(1e10, 60 * GIB), workers: 2, memory: 256 * GIB }).noteBytes).toBe(0);
});

test('no worker is started that would find nothing to do, unless it is asked for', () => {
  expect(divideMemory({ plan: planOf(1e6) }).workers).toBe(1);
  expect(divideMemory({ plan: planOf(1e6), workers: 3 }).workers).toBe(3);
  expect(divideMemory({ plan: planOf(1e9) }).workers).toBe(defaultWorkers());
});
