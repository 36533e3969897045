import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { plan, randomValues, scratch, type TinyTensors, tinyRegistry, writeModel } from '../../test/tiny-models.ts';
import type { CarryOptions } from '../evolution/carried-population.ts';
import type { EvolutionStep, Genealogy } from '../evolution/genealogy.ts';
import { executeMerge } from './execute-merge.ts';
import { openBuilder } from './open-builder.ts';

const root = await scratch();
const registry = await tinyRegistry();
afterAll(() => rm(root, { recursive: true, force: true }));

function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function tensors(seed: number): TinyTensors {
  const random = randomValues(seed);
  return {
    'tiny.a': { shape: [], values: random(1) },
    'tiny.b': { shape: [66_001], values: random(66_001), dtype: 'BF16' },
    'tiny.c': { shape: [70, 71], values: random(4970), dtype: seed % 2 === 0 ? 'F16' : 'F32' },
    'tiny.d': { shape: [0, 4], values: [] },
    'tiny.frozen': { shape: [9], values: random(9) },
  };
}

const folders = await Promise.all(
  [1, 2, 3, 4].map((seed) => writeModel(root, { name: `model-${seed}`, tensors: tensors(seed) })),
);
const [base = '', ...models] = folders;

/** Names and checksums of all files of a folder. */
async function contents(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((name) => name.endsWith('.safetensors') || name.endsWith('.json')).sort();
  return Promise.all(
    files.map(async (name) => {
      const digest = createHash('sha256').update(await readFile(join(folder, name)));
      return `${name} ${digest.digest('hex')}`;
    }),
  );
}

/** What a search builds: in each generation some children are tried on top of what was accepted so far. */
function* candidates(settings: Omit<Genealogy, 'steps' | 'individual'>, alone: boolean): Generator<Genealogy> {
  const next = numbers(7);
  const choose = (count: number): number => Math.floor(next() * count);
  let accepted: EvolutionStep[] = [];
  for (let generation = 0; generation < 2; generation++) {
    let waiting: EvolutionStep[] = [];
    for (let individual = 0; individual < models.length; individual++) {
      const others = [...models.keys()].filter((index) => index !== individual);
      const references = others.slice(0, settings.mode === 'blend' ? 1 : 2);
      const step = { generation, individual, references: choose(2) === 0 ? references : references.reverse() };
      yield { ...settings, steps: [...accepted, step], ...(alone ? { individual } : {}) };
      if (choose(3) === 0) continue;
      if (settings.update === 'steady') accepted = [...accepted, step];
      else waiting = [...waiting, step];
    }
    accepted = [...accepted, ...waiting];
  }
  yield { ...settings, steps: accepted, ...(alone ? { individual: 0 } : {}) };
}

const settings = { seed: 5, scale: 0.5, crossover: 0.6, exclude: ['frozen'] } as const;
const CASES = [
  ['Evolver alone', { merge_method: 'linear', models }, { mode: 'differential', update: 'steady', dtype: 'F32' }],
  ['an average', { merge_method: 'linear', models }, { mode: 'blend', update: 'synchronous', dtype: 'BF16' }],
  [
    'task arithmetic',
    { merge_method: 'task_arithmetic', base_model: base, models, out_dtype: 'float16' },
    { mode: 'differential', update: 'synchronous', dtype: 'F32' },
  ],
  [
    'ties over the model',
    { merge_method: 'ties', base_model: base, models, parameters: { scope: 'model', density: 0.3 } },
    { mode: 'blend', update: 'steady', dtype: 'F16' },
  ],
  [
    'pcb, carried along every third step',
    { merge_method: 'pcb', base_model: base, models },
    { mode: 'differential', update: 'steady', dtype: 'F32' },
    { steps: 3 },
  ],
  [
    'pcb, each candidate written ahead',
    { merge_method: 'pcb', base_model: base, models },
    { mode: 'differential', update: 'steady', dtype: 'F32' },
    { ahead: true },
  ],
  [
    'ties by tensor',
    { merge_method: 'ties', base_model: base, models, parameters: { density: 0.3, rescale: true } },
    { mode: 'differential', update: 'steady', dtype: 'F32' },
  ],
  [
    'ties, each candidate written ahead',
    { merge_method: 'ties', base_model: base, models, parameters: { scope: 'model', density: 0.3 } },
    { mode: 'blend', update: 'synchronous', dtype: 'F32' },
    { ahead: true },
  ],
] as const;

/** Numbers of threads, and whether they keep in memory what else is carried along in files. */
const HOW = [
  [1, false],
  [3, false],
  [1, true],
  [2, true],
  [8, true],
] as const;

test.each(CASES)(
  '%s: one build after the other has the bytes of a full replay',
  async (name, recipe, kind, carrying: Omit<CarryOptions, 'folder'> = {}) => {
    const alone = name === 'Evolver alone';
    const { plan: planned, folders } = await plan(registry, recipe, { shardSize: 200_000 });
    const made = { plan: alone ? { ...planned, method: 'evolver' } : planned, folders };
    const folder = join(root, name.replaceAll(' ', '-'));
    const carry = { folder: join(folder, 'states'), ...carrying };
    const known = new Map<Genealogy['steps'], string[]>();
    const replayed = async (genealogy: Genealogy): Promise<string[]> => {
      const whole = join(folder, 'whole');
      await executeMerge({ ...made, genealogy, out: whole, registry });
      const found = await contents(whole);
      await rm(whole, { recursive: true });
      return found;
    };
    const all = [...candidates({ ...settings, ...kind }, alone)];
    for (const genealogy of all) known.set(genealogy.steps, await replayed(genealogy));
    for (const [workers, keep] of HOW) {
      const builder = openBuilder({ registry, plan: made.plan, workers, carry, keep });
      try {
        let index = 0;
        let kept = 0;
        for (const genealogy of all) {
          // Two places in turn, so that files are written over.
          const out = join(folder, `place-${index++ % 2}`);
          await builder.build({ ...made, genealogy, out });
          expect(await contents(out), JSON.stringify(genealogy)).toEqual(known.get(genealogy.steps));
          kept = Math.max(kept, (await readdir(carry.folder).catch(() => [])).length);
        }
        // Something was carried along, and no more than one state of each individual and of what the candidate changed.
        if (keep) {
          expect(kept).toBe(0);
          continue;
        }
        const changed = carrying.ahead !== true ? 0 : kind.update === 'steady' ? 1 : models.length;
        expect(kept).toBeGreaterThan(0);
        expect(kept).toBeLessThanOrEqual(models.length + changed);
      } finally {
        await builder.close();
      }
      await rm(folder, { recursive: true, force: true });
    }
  },
  180_000,
);

test('plans of other parameters over the same models have the bytes of a merge of their own', async () => {
  const parameters = [{ ratio: 0.1 }, { ratio: 0.3 }, { ratio: 0.3, clamp: 0.2 }, { ratio: 0.1 }];
  const [first, ...others] = await Promise.all(
    parameters.map((values) => plan(registry, { merge_method: 'pcb', base_model: base, models, parameters: values })),
  );
  if (first === undefined) throw new Error('there is no plan');
  const builder = openBuilder({ registry, plan: first.plan, workers: 2 });
  const [out, whole] = [join(root, 'parameters'), join(root, 'parameters-whole')];
  try {
    for (const made of [first, ...others]) {
      await builder.build({ ...made, out });
      await executeMerge({ ...made, out: whole, registry });
      expect(await contents(out)).toEqual(await contents(whole));
    }
  } finally {
    await builder.close();
  }
});

test('a build that fails leaves the threads to the next one', async () => {
  const made = await plan(registry, { merge_method: 'linear', models, out_dtype: 'float16' });
  const builder = openBuilder({ registry, plan: made.plan, workers: 2 });
  const step = { generation: 0, individual: 0, references: [1, 2] };
  const genealogy = { ...settings, mode: 'differential', update: 'steady', dtype: 'F16', exclude: [] } as const;
  const out = join(root, 'failing');
  try {
    const tooFar = builder.build({ ...made, genealogy: { ...genealogy, scale: 1e38, steps: [step] }, out });
    await expect(tooFar).rejects.toMatchObject({ code: expect.stringMatching(/^tensors\/(overflow|not-finite)$/) });
    await builder.build({ ...made, genealogy: { ...genealogy, steps: [step] }, out });
  } finally {
    await builder.close();
  }
  const whole = join(root, 'failing-whole');
  await executeMerge({ ...made, genealogy: { ...genealogy, steps: [step] }, out: whole, registry });
  expect(await contents(out)).toEqual(await contents(whole));
});
