import type { RunPlan } from '@hubfuse/runs';
import { expect, test } from 'vitest';
import { planMemory } from './plan-memory.ts';

const merging = { workers: 2, peakBytes: 700 };
const gathering = (key: 'gather' | 'refresh', ...bytes: number[]) =>
  ({ statistics: bytes.map((memoryBytes) => ({ [key]: { memoryBytes } })) }) as unknown as Pick<RunPlan, 'statistics'>;

test('the memory of a run is that of its largest phase', () => {
  expect(planMemory(merging, {})).toEqual({ workers: 2, peakBytes: 700, mergeBytes: 700 });
  expect(planMemory(merging, gathering('gather', 900, 1200))).toMatchObject({ peakBytes: 1200, gatherBytes: 1200 });
  expect(planMemory(merging, gathering('gather', 300))).toMatchObject({ peakBytes: 700, gatherBytes: 300 });
});

test('what evolution gathers anew comes on top of the merge that its search keeps open, within what is granted', () => {
  expect(planMemory(merging, gathering('refresh', 400, 500))).toMatchObject({ peakBytes: 1200, gatherBytes: 500 });
  expect(planMemory(merging, gathering('refresh', 500), 1000)).toMatchObject({ peakBytes: 1000 });
});
