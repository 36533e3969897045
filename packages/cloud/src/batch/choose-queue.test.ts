import { expect, test } from 'vitest';
import { chooseQueue } from './choose-queue.ts';
import type { BatchQueue } from './configuration.ts';

const GIB = 2 ** 30;
const queue = (name: string, change: Partial<BatchQueue> = {}): BatchQueue => ({
  ...{ name, jobDefinition: name, vcpus: 8, memory: 32 * GIB, scratch: 200 * GIB },
  ...change,
});
const gpu = (memory: number) => ({ family: 'g6', count: 1, memory: memory * GIB });
const needed = { vcpus: 4, memory: 8 * GIB, scratch: 50 * GIB, gpus: 0 as 0 | 1, gpuMemory: 0 };
const scoring = { ...needed, gpus: 1 as const, gpuMemory: 16 * GIB };

const small = queue('gpu-small', { gpu: gpu(24) });
const large = queue('gpu-large', { gpu: gpu(48), memory: 128 * GIB });
const cpu = queue('cpu');

test('a merge that scores nothing occupies no GPU where there is a queue without', () => {
  expect(chooseQueue([small, cpu], needed).name).toBe('cpu');
  expect(chooseQueue([small, large], needed).name).toBe('gpu-small');
  expect(chooseQueue([small, cpu], { ...needed, scratch: 150 * GIB }).name).toBe('cpu');
});

test('a run that scores takes the first queue whose GPU holds its model, and processors where there is no GPU at all', () => {
  expect(chooseQueue([cpu, small, large], scoring).name).toBe('gpu-small');
  expect(chooseQueue([cpu, small, large], { ...scoring, gpuMemory: 40 * GIB }).name).toBe('gpu-large');
  expect(chooseQueue([cpu], scoring).name).toBe('cpu');
});

test('a run that fits nowhere is refused with what every queue has too little of', () => {
  const refused = () => chooseQueue([cpu, small], { ...scoring, gpuMemory: 80 * GIB, vcpus: 96 });
  expect(refused).toThrow('gpu-small: 8 of 96 vCPUs, GPU memory 24.0 GiB of 80.0 GiB');
  expect(refused).not.toThrow('cpu:');
});
