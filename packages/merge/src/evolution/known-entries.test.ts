import { rm } from 'node:fs/promises';
import type { Group } from '@hubfuse/plugin';
import { afterAll, expect, test } from 'vitest';
import { plan, scratch, tinyRegistry, writeModel } from '../../test/tiny-models.ts';
import type { Genealogy } from './genealogy.ts';
import { KnownEntries } from './known-entries.ts';

const root = await scratch();
const registry = await tinyRegistry();
afterAll(() => rm(root, { recursive: true, force: true }));
const tensors = { 'tiny.a': { shape: [3], values: [1, 2, 3] } };
const names = ['base', 'x', 'y', 'z'];
const [base = '', ...models] = await Promise.all(names.map((name) => writeModel(root, { name, tensors })));

async function merge(parameters: Record<string, unknown>) {
  const made = await plan(registry, { merge_method: 'pcb', base_model: base, models, parameters });
  const { method, parameters: values, modelParameters } = made.plan;
  const program = registry.get('method', method).program({ models: 3, parameters: values, modelParameters });
  const group: Group = { length: 3, models: 3, parameters: made.plan.groupParameters };
  return { build: { ...made, out: root }, program, group };
}

const settings = { seed: 1, scale: 0.5, crossover: 0.5, mode: 'blend', update: 'steady', dtype: 'F32' } as const;
const evolved = (...changed: number[]): Genealogy => ({
  ...{ ...settings, exclude: [] },
  steps: changed.map((individual, generation) => ({ generation, individual, references: [(individual + 1) % 3] })),
});
const BOUNDS = [['x'], ['y'], ['z']];
const THRESHOLDS = ['of', 'all', 'together'];

test('what rests on one model alone is known until that model changes', async () => {
  const { build, program, group } = await merge({});
  const known = new KnownEntries();
  const first = known.for(build, program);
  expect(first?.entries(group)).toEqual([[undefined, undefined, undefined], undefined]);
  first?.keep(group, [BOUNDS, THRESHOLDS]);
  // The thresholds of the second sweep rest on all models, and are never kept.
  const second = known.for({ ...build, genealogy: evolved(1) }, program);
  expect(second?.entries(group)).toEqual([[['x'], undefined, ['z']], undefined]);
  second?.keep(group, [[['x'], ['evolved'], ['z']], THRESHOLDS]);
  // The first step is accepted, and another model tried on top of it.
  const third = known.for({ ...build, genealogy: evolved(1, 2) }, program);
  expect(third?.entries(group)).toEqual([[['x'], ['evolved'], undefined], undefined]);
  // It was rejected, and so was everything before: the originals are known still.
  expect(known.for(build, program)?.entries(group)).toEqual([BOUNDS, undefined]);
});

test('other parameters and other groups have entries of their own, unless they do not matter', async () => {
  const { build, program, group } = await merge({ ratio: 0.1 });
  const known = new KnownEntries();
  known.for(build, program)?.keep(group, [BOUNDS, THRESHOLDS]);
  const other = await merge({ ratio: 0.3 });
  expect(known.for(other.build, other.program)?.entries(other.group)[0]).toEqual(BOUNDS);
  const clamped = await merge({ ratio: 0.1, clamp: 0.4 });
  expect(known.for(clamped.build, clamped.program)?.entries(group)[0]).toEqual([undefined, undefined, undefined]);
  expect(known.for(build, program)?.entries(group, 0)[0]).toEqual([undefined, undefined, undefined]);
});

test('what no build has needed for long is forgotten', async () => {
  const { build, program, group } = await merge({});
  const known = new KnownEntries();
  known.for({ ...build, genealogy: evolved(0) }, program)?.keep(group, [BOUNDS, THRESHOLDS]);
  for (let times = 0; times < 7; times++) known.for(build, program)?.entries(group);
  const again = known.for({ ...build, genealogy: evolved(0) }, program)?.entries(group)[0];
  expect(again).toEqual([undefined, ['y'], ['z']]);
});

test('a method whose sweeps are of all models together keeps nothing', async () => {
  const { build, program } = await merge({ form: 'paper' });
  expect(new KnownEntries().for(build, program)).toBeUndefined();
});
