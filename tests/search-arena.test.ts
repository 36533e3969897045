import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dataset, registerEvaluation } from '@hubfuse/evaluate';
import { type EvolveResult, evolve, openArena } from '@hubfuse/evolve';
import { registerArchitectures } from '@hubfuse/graphs';
import { type MergePlan, planMerge, registerMethods } from '@hubfuse/merge';
import { Registry } from '@hubfuse/plugin';
import { parseRecipe } from '@hubfuse/recipe';
import { folderSource, readCheckpoint } from '@hubfuse/tensors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { datasetOf, LABELS, sentence } from '../packages/evaluate/test/tiny-datasets.ts';
import { writeTinyModel } from '../packages/evaluate/test/tiny-model.ts';
import { environment as variables } from './environment.ts';

const registry = new Registry();
const MINUTES = 5;
/** So little that one thread and one session are all there is, and everything else lies on the disk. */
const LITTLE_MEMORY = 2 ** 27;
let root: string;
let scratch: string;
let folders: string[];
let datasets: Dataset[];
let plan: MergePlan;

beforeAll(async () => {
  await Promise.all([registerArchitectures(registry), registerEvaluation(registry), registerMethods(registry)]);
  root = await mkdtemp(join(tmpdir(), 'search-arena-'));
  scratch = await mkdtemp(join(root, 'scratch-'));
  folders = await Promise.all(
    [1, 2, 3, 4].map((seed) =>
      writeTinyModel({
        folder: join(root, `${seed}`),
        className: 'BertForSequenceClassification',
        labels: LABELS,
        seed,
      }),
    ),
  );
  const texts = (name: string, count: number): Promise<Dataset> =>
    datasetOf({
      ...{ registry, name, task: 'text-classification', count },
      row: (index) => ({ text: sentence(index * count, 11).join(' '), label: LABELS[(index + count) % 3] }),
    });
  datasets = [await texts('north', 90), await texts('south', 40)];
  const recipe = parseRecipe(JSON.stringify({ merge_method: 'linear', models: folders }), { registry });
  const models = await Promise.all(
    folders.map(async (folder) => {
      const source = await folderSource(folder);
      const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
      return { source, checkpoint: await readCheckpoint(source), config };
    }),
  );
  plan = planMerge({ recipe, models, registry });
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A search over real candidates; everything but times. */
async function search(options: {
  workers: number;
  memory?: number;
  alone: boolean;
  update: 'steady' | 'synchronous';
}): Promise<unknown> {
  const { workers, memory, alone, update } = options;
  const settings = { seed: 4, mode: 'blend', scale: 0.5, crossover: 0.5, update } as const;
  const original = { ...settings, dtype: 'F32', exclude: [], steps: [] } as const;
  const arena = await openArena({
    ...{ registry, plan: alone ? { ...plan, method: 'evolver' } : plan, folders, datasets, workers, memory, scratch },
    ...{ family: folders[0] ?? '', task: 'text-classification', batchTokens: 64 },
    parallel: update === 'synchronous' ? Number.POSITIVE_INFINITY : 1,
  });
  try {
    const candidatePlan = alone ? { ...plan, method: 'evolver' } : plan;
    const individuals = folders.map((_, individual) => {
      return { plan: candidatePlan, genealogy: { ...original, individual } };
    });
    const batches = await arena.compose(alone ? individuals : [{ plan: candidatePlan }]);
    let checkpoint: string | undefined;
    const result: EvolveResult = await evolve({
      models: folders,
      merged: !alone,
      settings: { ...settings, generations: 3 },
      judge: (genealogy, bars) => arena.judge({ plan: candidatePlan, genealogy }, bars),
      parallel: arena.parallel,
      store: {
        load: async () => checkpoint,
        save: async (text) => {
          checkpoint = text;
        },
      },
      identity: 'x',
      environment: arena.environment,
    });
    expect(arena.seconds.build).toBeGreaterThan(0);
    const { initial, candidates, genealogy, ended } = result;
    return { batches, ended, genealogy, decisions: [...initial, ...candidates].map(({ seconds: _, ...rest }) => rest) };
  } finally {
    await arena.close();
  }
}

/** The hardest; `npm run soak` takes all. */
const SEARCHES = [
  { alone: false, update: 'synchronous' },
  { alone: true, update: 'synchronous' },
  { alone: true, update: 'steady' },
] as const;

test.each(variables.soak === undefined ? SEARCHES.slice(0, 1) : SEARCHES)(
  'one, two and eight workers, and hardly any memory, find the same ($update, alone: $alone)',
  async ({ alone, update }) => {
    const one = await search({ workers: 1, alone, update });
    expect(await search({ workers: 2, alone, update })).toEqual(one);
    expect(await search({ workers: 8, alone, update })).toEqual(one);
    expect(await search({ workers: 2, memory: LITTLE_MEMORY, alone, update })).toEqual(one);
    // Nothing of a search stays behind.
    expect(await readdir(scratch)).toEqual([]);
  },
  MINUTES * 60_000,
);
