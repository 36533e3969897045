import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, toFloat32 } from '@hubfuse/tensors';
import { afterAll, expect, test } from 'vitest';
import { plan, scratch, tinyRegistry, writeModel } from '../../test/tiny-models.ts';
import { executeMerge } from '../execute/execute-merge.ts';

const root = await scratch();
const registry = await tinyRegistry();
afterAll(() => rm(root, { recursive: true, force: true }));

async function mergeTies(parameters: Record<string, unknown>, ...models: (readonly number[])[]) {
  const write = (name: string, values: readonly number[]) =>
    writeModel(root, { name, tensors: { 'tiny.layer.0.weight': { shape: [values.length], values: [...values] } } });
  const base_model = await write('base', models[0]?.map(() => 0) ?? []);
  const recipe = {
    merge_method: 'ties',
    base_model,
    models: await Promise.all(models.map((values, i) => write(`model-${i}`, values))),
    parameters,
  };
  const made = await plan(registry, recipe);
  const out = join(root, 'out');
  await rm(out, { recursive: true, force: true });
  await executeMerge({ ...made, out, registry, workers: 1 });
  const { data, dtype } =
    (await readSafetensors(join(out, 'model.safetensors'))).tensors.get('tiny.layer.0.weight') ?? {};
  return data === undefined || dtype === undefined ? [] : [...toFloat32(data, dtype)];
}

test('a trimmed task vector is rescaled by as many values as density counts, though more are equal to the threshold', async () => {
  // Three of six stay by count (4, 2, 2) and four by value: 11 / 8, not 11 / 10.
  const merged = await mergeTies({ density: 0.5, rescale: true }, [4, -2, 2, 2, 1, 0]);
  expect(merged).toEqual([5.5, -2.75, 2.75, 2.75, 0, 0]);
});

test('whether a tensor is rescaled and normalised may differ between tensors', async () => {
  const values = [4, 2, 1, 1];
  const filters = (filter: string, value: boolean) => [{ filter, value }, { value: !value }];
  const options = { density: 0.5, normalize: false };
  expect(await mergeTies({ ...options, rescale: filters('layer.0', true) }, values)).toEqual(
    [16 / 3, 8 / 3, 0, 0].map(Math.fround),
  );
  expect(await mergeTies({ ...options, rescale: filters('layer.1', true) }, values)).toEqual([4, 2, 0, 0]);
  expect(await mergeTies({ normalize: filters('layer.0', false) }, values, values)).toEqual([8, 4, 2, 2]);
  expect(await mergeTies({ normalize: filters('layer.1', false) }, values, values)).toEqual([4, 2, 1, 1]);
});
