import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerEvaluation } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import { type Build, executeMerge, type Genealogy, registerMethods } from '@hubfuse/merge';
import { Registry } from '@hubfuse/plugin';
import { parseRecipe } from '@hubfuse/recipe';
import { openMeasuredModel } from '@hubfuse/statistics';
import { readSafetensors, sha256OfFile, type TensorData, writeSafetensors } from '@hubfuse/tensors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LABELS, sentence } from '../../../evaluate/test/tiny-datasets.ts';
import { writeTinyModel } from '../../../evaluate/test/tiny-model.ts';
import { planMergeOf } from '../resolve/make-plan.ts';
import { openInputs, pinModel } from '../resolve/open-inputs.ts';
import { gatherModel } from '../statistics/gather-model.ts';
import { planStatistics } from '../statistics/plan-statistics.ts';
import { RefreshedStatistics } from './refreshed-statistics.ts';

// Fisher information depends on all that makes a model: weights, head, labels of its rows, tokenizer.

/** Labels of each model: the second one has its rows in another order. */
const ORDERS = [LABELS, [...LABELS].reverse()];
const STEPS = [
  { generation: 0, individual: 1, references: [0] },
  { generation: 1, individual: 0, references: [1] },
];
const registry = new Registry();
const hub = { cacheDir: join(tmpdir(), 'hubfuse-no-cache') };
let root: string;
let folders: string[];
let data: string;
beforeAll(async () => {
  await Promise.all([registerArchitectures(registry), registerEvaluation(registry), registerMethods(registry)]);
  root = await mkdtemp(join(tmpdir(), 'hubfuse-refreshed-'));
  folders = await Promise.all(
    ORDERS.map((labels, seed) =>
      writeTinyModel({
        ...{ folder: join(root, `model-${seed}`), className: 'BertForSequenceClassification', labels },
        seed: seed + 1,
      }),
    ),
  );
  data = join(root, 'rows.jsonl');
  const row = (index: number) => JSON.stringify({ text: sentence(index, 9).join(' '), label: LABELS[index % 3] });
  await writeFile(data, Array.from({ length: 20 }, (_, index) => row(index)).join('\n'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function open(scratch: string) {
  const recipe = parseRecipe(
    JSON.stringify({
      ...{ merge_method: 'fisher', models: folders, calibration: data, parameters: { variant: 'empirical' } },
      evaluate: { task: 'text-classification', datasets: [{ name: 'rows', dev: data }] },
      evolve: { mode: 'blend', refresh: 'fisher' },
    }),
    { registry },
  );
  const inputs = await openInputs({ recipe, workingDirectory: root, hub });
  const models = await Promise.all(inputs.map(({ source, role }) => pinModel(source, role)));
  const planned = await planStatistics(inputs, { recipe, workingDirectory: root, hub, registry });
  const gathered = (planned?.planned ?? []).flatMap((one) => one ?? []);
  const statistics = (planned?.statistics ?? []).flatMap((one) => one ?? []);
  const merge = planMergeOf({ recipe, inputs, registry, statistics });
  const refreshed = await RefreshedStatistics.open({
    ...{ plan: { recipe, models, merge }, planned: gathered, folders, statistics, scratch, registry, hub },
    statisticsFolders: folders.map(() => ''),
    limits: { workers: 2 },
  });
  return { refreshed, recipe, merge, gather: gathered[1]?.gather, calibration: recipe.models[1]?.calibration };
}

const genealogy: Genealogy = {
  ...{ seed: 3, mode: 'blend', scale: 0.4, crossover: 0.5, update: 'steady', dtype: 'F32', exclude: [] },
  steps: STEPS.slice(0, 1),
};

test('a changed model is measured with its own labels, whatever the order of its rows in the merge', async () => {
  const scratch = await mkdtemp(join(root, 'scratch-'));
  const { refreshed, merge, gather, calibration } = await open(scratch);
  const built: Build[] = [];
  const build = async (one: Build) => {
    built.push(one);
    await executeMerge({ ...one, registry, workers: 2 });
  };
  const { gathered, folders: places, plan } = await refreshed.merge(genealogy, build);
  expect([...gathered.keys()]).toEqual([1]);
  expect(gathered.get(1)).toMatchObject({ kind: 'fisher', refreshed: true, examples: 20 });
  expect(existsSync(join(scratch, 'individual'))).toBe(false);
  // The same again costs nothing.
  await refreshed.merge(genealogy, build);
  expect(built).toHaveLength(1);

  // By hand: the evolved weights with their rows put back, in a folder with the second model's own files.
  const evolved = join(root, 'evolved');
  const individual = { ...genealogy, individual: 1 };
  const tensors = merge.tensors.map(({ statistics: _, ...tensor }) => tensor);
  const alone = { ...merge, method: 'evolver', statistics: [], tensors };
  await executeMerge({ plan: alone, folders, out: evolved, registry, genealogy: individual });
  const own = join(root, 'own');
  await cp(folders[1] ?? '', own, { recursive: true });
  const { tensors: stored } = await readSafetensors(join(evolved, 'model.safetensors'));
  const restored = new Map([...stored].map(([name, tensor]) => [name, isHead(name) ? reversed(tensor) : tensor]));
  await writeSafetensors(join(own, 'model.safetensors'), restored);
  const measured = await openMeasuredModel({ folder: own, name: 'own', registry });
  if (gather === undefined || calibration === undefined) throw new Error('nothing was planned');
  const request = { kind: 'fisher', variant: 'empirical' } as const;
  const path = join(root, 'own.safetensors');
  await gatherModel({
    ...{ ...measured, request, path, limits: { workers: 1 } },
    rows: { calibration, gather, file: data, sha256: await sha256OfFile(data) },
  });
  const byHand = (await readSafetensors(path)).tensors;
  const found = (await readSafetensors(join(places[1] ?? '', plan.statistics[1]?.path ?? ''))).tensors;
  expect([...found.keys()].sort()).toEqual([...byHand.keys()].sort());
  for (const [name, tensor] of byHand) {
    // No answer depends on it: what there is, is rounding alone.
    if (name.endsWith('key.bias')) continue;
    // Another order of the labels is another order of sums: the last bits differ.
    expect(difference(found.get(name), isHead(name) ? reversed(tensor) : tensor), name).toBeLessThan(1e-4);
  }
  // And it is not what the original has.
  const original = join(root, 'original.safetensors');
  await gatherModel({
    ...{ ...(await openMeasuredModel({ folder: folders[1] ?? '', name: 'original', registry })), request },
    ...{ path: original, limits: { workers: 1 } },
    rows: { calibration, gather, file: data, sha256: await sha256OfFile(data) },
  });
  const before = (await readSafetensors(original)).tensors.get('classifier.bias');
  expect(difference(before, byHand.get('classifier.bias'))).toBeGreaterThan(1e-2);
}, 180_000);

test('what no later candidate can need is removed, and what it may need is kept', async () => {
  const scratch = await mkdtemp(join(root, 'scratch-'));
  const { refreshed } = await open(scratch);
  const measured: string[] = [];
  const merge = async (steps: Genealogy['steps']) => {
    const { plan } = await refreshed.merge({ ...genealogy, steps }, async (one) => {
      measured.push(`${one.genealogy?.individual}`);
      await executeMerge({ ...one, registry, workers: 2 });
    });
    return plan.statistics.flatMap(({ path, reference }) => (reference.startsWith('refreshed/') ? [path] : []));
  };
  const [first = ''] = await merge(STEPS.slice(0, 1));
  const file = (path: string) => existsSync(join(scratch, 'statistics', path));
  // The first step is accepted and stays; a second candidate on top of it is tried, then another one.
  const tried = await merge(STEPS);
  expect(tried).toHaveLength(2);
  expect(tried).toContain(first);
  const again = { generation: 1, individual: 1, references: [0] };
  await merge([...STEPS.slice(0, 1), again]);
  expect(measured).toEqual(['1', '0', '1']);
  expect(tried.map(file)).toEqual(tried.map((path) => path === first));
}, 180_000);

test('examples that changed since they were planned with are refused', async () => {
  const { refreshed } = await open(await mkdtemp(join(root, 'scratch-')));
  const before = await readFile(data);
  await writeFile(data, `${before}\n`);
  try {
    const merging = refreshed.merge(genealogy, async () => undefined);
    await expect(merging).rejects.toMatchObject({ code: 'run/input-changed', where: data });
  } finally {
    await writeFile(data, before);
  }
});

function isHead(name: string): boolean {
  return name.startsWith('classifier.');
}

/** The largest difference of two tensors of float32, relative to the largest value. */
function difference(a: TensorData | undefined, b: TensorData | undefined): number {
  const [x, y] = [a, b].map((tensor) => new Float32Array(Uint8Array.from(tensor?.data ?? []).buffer));
  const largest = Math.max(...(y?.map(Math.abs) ?? []));
  return Math.max(...(x ?? []).map((value, i) => Math.abs(value - (y?.[i] ?? Number.NaN)))) / largest;
}

/** The rows of a tensor in reverse. */
function reversed({ data: bytes, ...rest }: TensorData): TensorData {
  const size = bytes.length / LABELS.length;
  const rows = LABELS.map((_, row) => bytes.subarray(row * size, (row + 1) * size)).reverse();
  return { ...rest, data: new Uint8Array(Buffer.concat(rows)) };
}
