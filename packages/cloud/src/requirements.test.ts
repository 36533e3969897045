import type { RunPlan } from '@hubfuse/runs';
import { expect, test } from 'vitest';
import { LEAST, requirementsOf } from './requirements.ts';

const GB = 1e9;
const model = (size: number) => ({
  ...{ reference: 'you/m', name: 'you/m', kind: 'hub' as const, role: 'model' as const },
  files: [
    { path: 'model.safetensors', size },
    { path: 'pytorch_model.bin', size: 100 * size },
  ],
});
const merge = { statistics: [] } as unknown as RunPlan['merge'];
const plan = { merge, models: [model(14 * GB), model(14 * GB)], bytes: { download: 28 * GB, output: 14 * GB } };

test('a merge needs disk for its inputs and output, and no GPU', () => {
  const needed = requirementsOf({ ...plan, phases: ['fetch', 'merge', 'assemble', 'publish'] });
  expect(needed).toMatchObject({ gpus: 0, gpuMemory: 0 });
  expect(needed.scratch).toBeGreaterThan(42 * GB);
  expect(needed.memory).toBeLessThan(14 * GB);
});

test.each(['evaluate', 'search', 'gather'] as const)('%s holds a model in the memory of one GPU', (phase) => {
  const needed = requirementsOf({ ...plan, phases: ['fetch', phase, 'merge'] });
  expect(needed.gpus).toBe(1);
  expect(needed.gpuMemory).toBeGreaterThan(14 * GB);
  expect(needed.gpuMemory).toBeLessThan(24 * GB);
  expect(needed.memory).toBeGreaterThan(28 * GB);
});

test('what cannot be planned needs no more than the smallest merge', () => {
  const smallest = requirementsOf({ merge, models: [], bytes: { download: 0, output: 0 }, phases: ['merge'] });
  for (const key of ['vcpus', 'memory', 'scratch', 'gpus'] as const) {
    expect(LEAST[key]).toBeLessThanOrEqual(smallest[key]);
  }
});

test('workers that share a merge need room for their parts of the inputs and for the whole result', () => {
  const phases = ['fetch', 'merge', 'assemble', 'publish'] as const;
  const scratch = (children: number) => requirementsOf({ ...plan, phases }, children).scratch;
  expect(scratch(4)).toBeLessThan(scratch(1) - 20 * GB);
  expect(scratch(4)).toBeGreaterThan(14 * GB + 28 * GB * 0.25);
  // Whoever scores needs whole models.
  const scoring = { ...plan, phases: ['fetch', 'merge', 'evaluate'] as const };
  expect(requirementsOf(scoring, 4).scratch).toBe(requirementsOf(scoring).scratch);
});
