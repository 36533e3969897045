import { createHash } from 'node:crypto';
import { appendFile, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { Registry } from '@hubfuse/plugin';
import { readSafetensors, writeSafetensors } from '@hubfuse/tensors';
import { afterAll, describe, expect, test } from 'vitest';
import { plan, randomValues, scratch, type TinyTensors, tinyRegistry, writeModel } from '../../test/tiny-models.ts';
import { executeMerge } from './execute-merge.ts';

const root = await scratch();
const registry = await tinyRegistry();
afterAll(() => rm(root, { recursive: true, force: true }));

/** Tensors large enough for several blocks and runs, and small ones. */
function tensors(seed: number): TinyTensors {
  const random = randomValues(seed);
  return {
    'tiny.a': { shape: [], values: random(1) },
    'tiny.b': { shape: [70_001], values: random(70_001), dtype: 'BF16' },
    'tiny.c': { shape: [700, 701], values: random(490_700) },
    'tiny.d': { shape: [0, 4], values: [] },
    'tiny.e': { shape: [4_300_001], values: random(4_300_001), dtype: 'F16' },
  };
}

const folders = await Promise.all(
  [1, 2, 3].map((seed) => writeModel(root, { name: `model-${seed}`, tensors: tensors(seed) })),
);
const [base = '', ...models] = folders;

async function digest(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

describe('the result has the same bytes', () => {
  const recipes: Record<string, Record<string, unknown>> = {
    linear: { merge_method: 'linear', models },
    'ties per tensor': { merge_method: 'ties', base_model: base, models, parameters: { density: 0.3, rescale: true } },
    'ties over the model': {
      merge_method: 'ties',
      base_model: base,
      models,
      parameters: { scope: 'model', density: 0.2 },
    },
    pcb: { merge_method: 'pcb', base_model: base, models },
    'pcb as in the paper': { merge_method: 'pcb', base_model: base, models, parameters: { form: 'paper' } },
  };
  for (const [name, recipe] of Object.entries(recipes)) {
    test(`${name}: for one, two, three and eight workers and any memory`, async () => {
      const made = await plan(registry, recipe);
      const digests = new Set<string>();
      for (const [workers, memory] of [
        [1, 2 ** 30],
        [2, 2 ** 28],
        [3, 2 ** 30],
        [8, 2 ** 31],
      ] as const) {
        const out = join(root, `same-${name}-${workers}`);
        const { files } = await executeMerge({ ...made, out, registry, workers, memory });
        expect(files[0]?.sha256).toBe(await digest(join(out, 'model.safetensors')));
        digests.add(files[0]?.sha256 ?? '');
        await rm(out, { recursive: true });
      }
      expect(digests.size).toBe(1);
    });
  }
});

test('shards hold the same tensors as one file, and only final names remain', async () => {
  const whole = await plan(registry, { merge_method: 'linear', models });
  const parts = await plan(registry, { merge_method: 'linear', models }, { shardSize: 3_000_000 });
  await executeMerge({ ...whole, out: join(root, 'whole'), registry });
  await executeMerge({ ...parts, out: join(root, 'parts'), registry });
  const names = (await readdir(join(root, 'parts'))).sort();
  expect(names.filter((name) => /partial|journal/.test(name))).toEqual([]);
  expect(names).toContain('model.safetensors.index.json');
  const one = await readSafetensors(join(root, 'whole', 'model.safetensors'));
  for (const file of names.filter((name) => name.endsWith('.safetensors'))) {
    for (const [name, { data }] of (await readSafetensors(join(root, 'parts', file))).tensors) {
      expect(Buffer.compare(data, one.tensors.get(name)?.data ?? new Uint8Array())).toBe(0);
    }
  }
});

test('a merge that was interrupted continues from its journal to the same bytes', async () => {
  const made = await plan(registry, { merge_method: 'pcb', base_model: base, models });
  await executeMerge({ ...made, out: join(root, 'straight'), registry });
  const out = join(root, 'interrupted');
  const controller = new AbortController();
  const interrupted = executeMerge({
    ...made,
    out,
    registry,
    workers: 1,
    signal: controller.signal,
    onProgress: ({ phase, done }) => {
      if (phase === 'writing' && done > 0) controller.abort(new Error('interrupted'));
    },
  });
  await expect(interrupted).rejects.toThrow('interrupted');
  expect(await readdir(out)).not.toContain('model.safetensors');
  // A kill may tear the line that was being written.
  await appendFile(join(out, '.merge-journal'), '{"units":[0,1');
  const { resumed } = await executeMerge({ ...made, out, registry });
  expect(resumed).toBe(true);
  expect(await digest(join(out, 'model.safetensors'))).toBe(await digest(join(root, 'straight', 'model.safetensors')));
});

describe('inputs that cannot be merged', () => {
  const small = (value: number): TinyTensors => ({ 'tiny.w': { shape: [3], values: [1, value, 2] } });

  test('NaN and infinity name file, tensor and index', async () => {
    const fine = await writeModel(root, { name: 'fine', tensors: small(0) });
    for (const dtype of ['F32', 'F16', 'BF16', 'F64'] as const) {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const tensors: TinyTensors = { 'tiny.w': { shape: [3], values: [1, value, 2], dtype } };
        const bad = await writeModel(root, { name: 'bad', tensors });
        const made = await plan(registry, { merge_method: 'linear', models: [fine, bad] });
        const failing = executeMerge({ ...made, out: join(root, 'bad-out'), registry });
        await expect(failing).rejects.toMatchObject({ code: 'tensors/not-finite', where: `${bad}/model.safetensors` });
        await expect(failing).rejects.toThrow(`"tiny.w" holds ${value} at index 1`);
      }
    }
  });

  test.each([
    ['ties', {}],
    ['ties', { scope: 'model', density: 0.5 }],
    ['pcb', {}],
  ])(
    '%s %j names them in bfloat16 models, whose values it takes as they are stored',
    async (merge_method, parameters) => {
      const write = (name: string, ...values: number[]) =>
        writeModel(root, { name, tensors: { 'tiny.w': { shape: [4], values, dtype: 'BF16' } } });
      const base_model = await write('half-base', 1, 2, 3, 4);
      const models = [await write('half-fine', 2, 2, 4, 4), await write('half-bad', 1, 3, Number.NaN, 4)];
      const made = await plan(registry, { merge_method, base_model, models, parameters });
      const failing = executeMerge({ ...made, out: join(root, 'half-out'), registry });
      await expect(failing).rejects.toMatchObject({ where: expect.stringContaining('half-bad') as string });
      await expect(failing).rejects.toThrow('"tiny.w" holds NaN at index 2');
    },
  );

  test('a float64 that float32 cannot hold is named as it is stored', async () => {
    const huge = await writeModel(root, { name: 'huge', tensors: small(0) });
    const data = new Uint8Array(Float64Array.of(1, 1e300, 2).buffer);
    await writeSafetensors(join(huge, 'model.safetensors'), new Map([['tiny.w', { dtype: 'F64', shape: [3], data }]]));
    const made = await plan(registry, { merge_method: 'linear', models: [huge] });
    const failing = executeMerge({ ...made, out: join(root, 'huge-out'), registry });
    await expect(failing).rejects.toMatchObject({ code: 'tensors/overflow' });
    await expect(failing).rejects.toThrow('"tiny.w" holds 1e+300 at index 1, which float32 cannot hold');
  });

  test('overflow on narrowing names tensor and index', async () => {
    const large = await writeModel(root, { name: 'large', tensors: small(70_000) });
    const made = await plan(registry, { merge_method: 'linear', models: [large], out_dtype: 'float16' });
    await expect(executeMerge({ ...made, out: join(root, 'large-out'), registry })).rejects.toThrow(
      /tiny\.w: the merged value 70000 at index 1 does not fit into F16/,
    );
  });

  test('a file that was cut after planning is named', async () => {
    const cut = await writeModel(root, { name: 'cut', tensors: { 'tiny.w': { shape: [3], values: [1, 2, 3] } } });
    const made = await plan(registry, { merge_method: 'linear', models: [cut, cut] });
    const { size } = made.plan.inputs[0]?.files[0] ?? { size: 0 };
    await truncate(join(cut, 'model.safetensors'), size - 4);
    await expect(executeMerge({ ...made, out: join(root, 'cut-out'), registry })).rejects.toMatchObject({
      code: 'tensors/truncated',
    });
  });

  test('memory that cannot suffice is refused with what is needed', async () => {
    const made = await plan(registry, { merge_method: 'linear', models });
    await expect(executeMerge({ ...made, out: join(root, 'm'), registry, memory: 1 << 20 })).rejects.toMatchObject({
      code: 'merge/memory-too-small',
    });
  });
});

test('a method that came with no module is refused, since threads could not import it', async () => {
  const made = await plan(registry, { merge_method: 'linear', models });
  const direct = new Registry();
  direct.register(registry.get('method', 'linear'));
  const merge = executeMerge({ ...made, out: join(root, 'no-module'), registry: direct });
  await expect(merge).rejects.toMatchObject({ code: 'plugin/no-module' });
});
