import { expect, test } from 'vitest';
import { deviceOfRun } from './device-of-run.ts';

test('who executes decides, then the recipe, then the machine, then processors', () => {
  const evaluate = { task: 't', datasets: [], keepExamples: false };
  expect(deviceOfRun({}, { evaluate })).toBe('cpu');
  expect(deviceOfRun({ defaultDevice: 'cuda' }, { evaluate })).toBe('cuda');
  expect(deviceOfRun({ defaultDevice: 'cuda' }, { evaluate: { ...evaluate, device: 'cpu' } })).toBe('cpu');
  expect(deviceOfRun({ device: 'webgpu', defaultDevice: 'cuda' }, { evaluate: { ...evaluate, device: 'cpu' } })).toBe(
    'webgpu',
  );
});
