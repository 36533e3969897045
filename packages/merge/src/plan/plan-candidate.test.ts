import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { folderSource, readCheckpoint, toFloat32 } from '@hubfuse/tensors';
import { afterAll, expect, test } from 'vitest';
import { plan, randomValues, scratch, tinyRegistry, writeModel } from '../../test/tiny-models.ts';
import { executeMerge } from '../execute/execute-merge.ts';
import { openBuilder } from '../execute/open-builder.ts';
import { planCandidate } from './plan-candidate.ts';

const root = await scratch();
const registry = await tinyRegistry();
afterAll(() => rm(root, { recursive: true, force: true }));

const models = await Promise.all(
  [1, 2, 3].map((seed) => {
    const random = randomValues(seed);
    return writeModel(root, {
      name: `model-${seed}`,
      tensors: {
        'tiny.a': { shape: [3001], values: random(3001), dtype: 'BF16' },
        'tiny.b': { shape: [7, 11], values: random(77), dtype: 'F16' },
        'tiny.c': { shape: [5], values: random(5) },
        'tiny.position_ids': { shape: [4], values: [0, 1, 2, 3], dtype: 'I64' },
      },
    });
  }),
);

/** Dtype, shape and values of each tensor; values as float32 where they are numbers of that kind. */
async function tensorsOf(folder: string) {
  const { tensors } = await readCheckpoint(await folderSource(folder));
  const bytes = await readFile(join(folder, 'model.safetensors'));
  return new Map(
    [...tensors.values()].map(({ name, dtype, shape, offset, bytes: size }) => {
      const raw = bytes.subarray(offset, offset + size);
      return [name, { dtype, shape, values: dtype === 'I64' ? [...raw] : [...toFloat32(raw, dtype)] }];
    }),
  );
}

test.each(['linear', 'pcb'])('%s: a candidate holds the values that would be published, in float32', async (method) => {
  const [base = '', ...others] = models;
  const recipe = { merge_method: method, models: others, ...(method === 'linear' ? {} : { base_model: base }) };
  const made = await plan(registry, recipe);
  const published = join(root, `${method}-published`);
  await executeMerge({ ...made, registry, out: published });
  const candidate = join(root, `${method}-candidate`);
  const widened = planCandidate(made.plan);
  const builder = openBuilder({ registry, plan: widened, workers: 1 });
  await builder.build({ ...made, plan: widened, out: candidate });
  await builder.close();
  const [expected, found] = [await tensorsOf(published), await tensorsOf(candidate)];
  expect(expected.get('tiny.a')?.dtype).toBe('BF16');
  expect(expected.get('tiny.b')?.dtype).toBe('F16');
  expect([...found].map(([name, { dtype }]) => [name, dtype])).toEqual(
    [...expected].map(([name, { dtype }]) => [name, dtype === 'I64' ? 'I64' : 'F32']),
  );
  for (const [name, { shape, values }] of expected) {
    expect(found.get(name)?.shape, name).toEqual(shape);
    expect(found.get(name)?.values, name).toEqual(values);
  }
});
