import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTask, materializeTask, readTaskDescription } from '@hubfuse/merge';
import { folderSource, readCheckpoint, readSafetensors, type TensorData } from '@hubfuse/tensors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mergeRecipe, writeModel } from './merge-recipe.ts';
import { flatValues, randomFamily, type Storage } from './random-models.ts';

const CONFIG = { model_type: 'other', architectures: ['Other'] };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-emr-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Tensors = Map<string, TensorData>;

async function merge(options: {
  base: Tensors;
  models: readonly Tensors[];
  parameters?: Record<string, unknown>;
  workers?: number;
}) {
  const { base, models, parameters = {}, workers = 1 } = options;
  await writeModel(join(folder, 'base'), base, CONFIG);
  for (const [i, model] of models.entries()) await writeModel(join(folder, `task-${i}`), model, CONFIG);
  const text = JSON.stringify({
    merge_method: 'emr',
    base_model: join(folder, 'base'),
    models: models.map((_, i) => join(folder, `task-${i}`)),
    parameters,
  });
  const out = join(folder, 'out');
  return { out, ...(await mergeRecipe({ text, out, workers })) };
}

async function rebuild(out: string, task: string): Promise<ReadonlyMap<string, TensorData>> {
  const description = await readTaskDescription(await folderSource(out));
  const path = join(folder, `${task}.safetensors`);
  await materializeTask({ folder: out, task: findTask(description, task), path });
  return (await readSafetensors(path)).tensors;
}

describe('one model', () => {
  test.each(['F16', 'BF16'] as const)('in %s is rebuilt bit by bit', async (storage: Storage) => {
    const { base, models } = randomFamily({ seed: 31, models: 1, storage });
    const { out } = await merge({ base, models });
    expect(flatValues(await rebuild(out, 'task-0'))).toEqual(flatValues(models[0] as Tensors));
  });

  test('in float32 is rebuilt but for the rounding of its task vector', async () => {
    const { base, models } = randomFamily({ seed: 32, models: 1 });
    const { out } = await merge({ base, models });
    const [found, wanted, start] = [await rebuild(out, 'task-0'), models[0] as Tensors, base].map(flatValues);
    const far = [...(wanted ?? [])].filter((value, i) => {
      return (
        Math.abs(value - (found?.[i] ?? Number.NaN)) > 2 ** -24 * (2 * Math.abs(value) + Math.abs(start?.[i] ?? 0))
      );
    });
    expect(far).toEqual([]);
  });

  test('that never left the base is the base', async () => {
    const { base } = randomFamily({ seed: 33, models: 1 });
    const { out } = await merge({ base, models: [base, base] });
    expect(flatValues(await rebuild(out, 'task-1'))).toEqual(flatValues(base));
  });
});

test('equal models are rebuilt as themselves', async () => {
  const { base, models } = randomFamily({ seed: 34, models: 1, storage: 'BF16' });
  const [model] = models as [Tensors];
  const { out } = await merge({ base, models: [model, model, model] });
  expect(flatValues(await rebuild(out, 'task-2'))).toEqual(flatValues(model));
});

test('a mask costs a bit per value, filled up to bytes tensor by tensor', async () => {
  const { base, models } = randomFamily({ seed: 35, models: 3 });
  const { out, plan } = await merge({ base, models });
  const bytes = plan.tensors
    .filter(({ masks }) => masks !== undefined)
    .reduce((sum, { length }) => sum + Math.ceil(length / 8), 0);
  for (const task of plan.tasks ?? []) {
    const { tensors } = await readSafetensors(join(out, task.folder, 'mask.safetensors'));
    expect([...tensors.values()].reduce((sum, { data }) => sum + data.length, 0)).toBe(bytes);
  }
});

test('an excluded tensor stays with each task', async () => {
  const { base, models } = randomFamily({ seed: 36, models: 2 });
  const { out } = await merge({ base, models, parameters: { exclude: ['layer.0'] } });
  const rebuilt = await rebuild(out, 'task-1');
  for (const name of ['layer.0.weight', 'layer.0.bias']) {
    expect(rebuilt.get(name)).toEqual(models[1]?.get(name));
    expect((await readSafetensors(join(out, 'vector.safetensors'))).tensors.has(name)).toBe(false);
  }
});

test.each(['task_arithmetic', 'ties', 'pcb'])(
  'masks may follow the vector of %s, with any number of workers',
  async (unify) => {
    const { base, models } = randomFamily({ seed: 37, models: 3 });
    const shapes = { base, models, parameters: { unify } };
    const one = await merge(shapes);
    const vector = async () => flatValues((await readSafetensors(join(one.out, 'vector.safetensors'))).tensors);
    const first = await vector();
    expect(first.some((value) => value !== 0)).toBe(true);
    await merge({ ...shapes, workers: 3 });
    expect(await vector()).toEqual(first);
    const rebuilt = flatValues(await rebuild(one.out, 'task-0'));
    expect(rebuilt.every(Number.isFinite)).toBe(true);
  },
);

test('ties with density 1 elects what task vectors of one sign agree on', async () => {
  const { base, models } = randomFamily({ seed: 38, models: 1, storage: 'BF16' });
  const { out } = await merge({ base, models, parameters: { unify: 'ties', density: 1 } });
  expect(flatValues(await rebuild(out, 'task-0'))).toEqual(flatValues(models[0] as Tensors));
});

test.each([
  [{ density: 0.5 }, /"density" has no meaning with unify: elect[\s\S]*set unify: ties/],
  [{ unify: 'ties', ratio: 0.1 }, /"ratio" has no meaning with unify: ties[\s\S]*set unify: pcb/],
])('a share that the unification does not read is refused: %j', async (parameters, message) => {
  const { base, models } = randomFamily({ seed: 38, models: 2 });
  await expect(merge({ base, models, parameters })).rejects.toThrow(message);
});

test('no loader takes the folder for a model, and the refusal says how to get one', async () => {
  const { base, models } = randomFamily({ seed: 39, models: 2 });
  const { out } = await merge({ base, models });
  await expect(readCheckpoint(await folderSource(out))).rejects.toMatchObject({
    code: 'tensors/model-per-task',
    hint: expect.stringContaining('hubfuse materialize'),
  });
});

test('an unknown task is refused with those that there are', async () => {
  const { base, models } = randomFamily({ seed: 40, models: 2 });
  const { out } = await merge({ base, models });
  await expect(rebuild(out, 'poetry')).rejects.toMatchObject({
    code: 'merge/unknown-task',
    hint: 'name one of task-0, task-1',
  });
});
