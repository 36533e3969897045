import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TensorData } from '@hubfuse/tensors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExecuteOptions, mergeRecipe, writeModel } from './merge-recipe.ts';
import { randomNumbers } from './random-numbers.ts';

const CONFIG = { model_type: 'bert', architectures: ['BertModel'] };

/** More than two runs of blocks, so that statistics and writing are really divided; sizes that no block divides. */
const SHAPES: Readonly<Record<string, readonly number[]>> = {
  'embeddings.weight': [3000, 1024],
  'layer.0.weight': [2001, 1500],
  'layer.0.bias': [1501],
  'layer.1.weight': [1777, 1801],
  scale: [],
};

/** One method for each way through the sweeps. */
const VARIANTS: { title: string; method: string; parameters: Record<string, unknown> }[] = [
  { title: 'linear', method: 'linear', parameters: {} },
  { title: 'ties with rescale', method: 'ties', parameters: { density: 0.3, rescale: true } },
  { title: 'ties, scope model', method: 'ties', parameters: { scope: 'model', density: 0.2 } },
  { title: 'pcb', method: 'pcb', parameters: {} },
  { title: 'pcb that keeps much', method: 'pcb', parameters: { ratio: 0.2 } },
  { title: 'pcb, paper', method: 'pcb', parameters: { form: 'paper' } },
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-determinism-'));
  const base = noise(1, (value) => value);
  await writeModel(join(folder, 'base'), base, CONFIG);
  for (const [i, seed] of [2, 3].entries()) {
    const moved = noise(seed, (value, at, name) => valueAt(base, name, at) + 0.01 * value ** 3);
    await writeModel(join(folder, `model-${i}`), moved, CONFIG);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Tensors of SHAPES; `value` sees a random number in [-0.5, 0.5), the position and the name. */
function noise(seed: number, value: (random: number, at: number, name: string) => number): Map<string, TensorData> {
  const random = randomNumbers(seed);
  return new Map(
    Object.entries(SHAPES).map(([name, shape]) => {
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
      for (let at = 0; at < values.length; at++) values[at] = value(random() - 0.5, at, name);
      return [name, { dtype: 'F32', shape, data: new Uint8Array(values.buffer) }];
    }),
  );
}

const views = new Map<TensorData, Float32Array>();

function valueAt(tensors: ReadonlyMap<string, TensorData>, name: string, at: number): number {
  const tensor = tensors.get(name) as TensorData;
  let view = views.get(tensor);
  if (view === undefined) {
    view = new Float32Array(tensor.data.buffer);
    views.set(tensor, view);
  }
  return view[at] as number;
}

async function mergedFiles(
  variant: { method: string; parameters: Record<string, unknown> },
  options: Omit<ExecuteOptions, 'text' | 'out'>,
): Promise<Buffer[]> {
  const text = JSON.stringify({
    merge_method: variant.method,
    ...(variant.method === 'linear' ? {} : { base_model: join(folder, 'base') }),
    models: [join(folder, 'model-0'), join(folder, 'model-1')],
    parameters: variant.parameters,
    out_dtype: 'bfloat16',
  });
  const out = join(folder, 'out');
  const { plan } = await mergeRecipe({ text, out, ...options });
  const files = await Promise.all(plan.outputs.map(({ path }) => readFile(join(out, path))));
  await rm(out, { recursive: true });
  return files;
}

test.each(VARIANTS)('$title gives the same bytes with 1, 2, 3 and 8 workers and any memory', async (variant) => {
  const [expected] = await mergedFiles(variant, { workers: 1 });
  for (const options of [
    { workers: 2, memory: 2 ** 31 },
    { workers: 3, memory: 400 * 2 ** 20 },
    // Room for what sweeps leave of some blocks, and of none.
    { workers: 3, memory: 320 * 2 ** 20 },
    { workers: 3, memory: 290 * 2 ** 20 },
    { workers: 8 },
  ]) {
    const [found] = await mergedFiles(variant, options);
    expect(found?.equals(expected as Buffer), JSON.stringify(options)).toBe(true);
  }
});

test('a model in shards has the bytes of the model in one file', async () => {
  const variant = { method: 'pcb', parameters: {} };
  const [whole] = await mergedFiles(variant, { workers: 2 });
  const shards = await mergedFiles(variant, { workers: 2, shardSize: 7_000_000 });
  expect(shards.length).toBeGreaterThan(2);
  const data = (file: Buffer) => file.subarray(8 + Number(file.readBigUInt64LE(0)));
  expect(Buffer.concat(shards.map(data)).equals(data(whole as Buffer))).toBe(true);
});
