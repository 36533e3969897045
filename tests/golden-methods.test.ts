import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelStatistics } from '@hubfuse/plugin';
import { readSafetensors } from '@hubfuse/tensors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flatten, type Layout, readLayout, readValues, unflatten } from './flat-vector.ts';
import { type Case, type CaseRecipe, caseRecipe, PARTS, readCases, recipeText } from './golden-cases.ts';
import { goldenPart } from './golden-folder.ts';
import { copyConfig, mergeRecipe, writeModel } from './merge-recipe.ts';
import { plainStatistics } from './plain-statistics.ts';

const methods = goldenPart('methods');
if (methods !== undefined) await describeMethods(methods);

async function describeMethods(folder: string) {
  const layout = await readLayout(join(folder, 'layout.json'));
  const names = layout.tensors.map(({ name }) => name);
  const models = await modelFolders(join(folder, 'models'));
  const base = join(folder, 'models', 'base');
  let temporary: string;
  let inputs: Inputs;
  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'hubfuse-golden-'));
    inputs = await readInputs({ folder, base, models, layout, temporary });
  });
  afterAll(() => rm(temporary, { recursive: true, force: true }));

  for (const part of PARTS) {
    const cases = await readCases(folder, part);
    if (cases === undefined) {
      test.skip(`golden methods/${part}: absent from ${folder}`, () => {});
      continue;
    }
    describe(`the authors' ${part}`, () => {
      for (const [key, parameters] of Object.entries(cases)) {
        const recipe = caseRecipe({ part, parameters, count: models.length, names });
        if ('pending' in recipe) {
          test.skip(`${key}: pending, hubfuse has no ${recipe.pending}`, () => {});
          continue;
        }
        test(key, async () => {
          const text = recipeText({ base, models, recipe });
          const statistics = await readStatistics(folder, recipe);
          const out = join(temporary, part, key);
          const merged = flatten((await mergeRecipe({ text, out, statistics })).tensors, layout);
          await compare({ folder, part, key, parameters, recipe, merged, inputs });
          const vectors = recipeText({ base: inputs.zeroBase, models: inputs.taskVectors, recipe });
          if (recipe.result === 'task vector') {
            const out = join(temporary, part, `${key}.task-vector`);
            const vector = flatten((await mergeRecipe({ text: vectors, out })).tensors, layout);
            const fragile = (await readFragile(folder, part, key)).size;
            const nonzero = vector.reduce((count, value) => count + (value === 0 ? 0 : 1), 0);
            expect(Math.abs(nonzero - parameters.nonzero), 'positions that are not zero').toBeLessThanOrEqual(fragile);
          }
        });
      }
    });
  }
}

function readStatistics(folder: string, { statistics }: CaseRecipe): Promise<ModelStatistics[]> {
  const { files = [], request } = statistics ?? {};
  return Promise.all(
    files.flatMap((file) => (request === undefined ? [] : [plainStatistics(join(folder, file), request)])),
  );
}

/** What every case needs. */
interface Inputs {
  base: Float64Array;
  probe: readonly number[];
  /**
   * The same task vectors as models around a base of zeros. A result around the real base loses the entries that are
   * smaller than half a step of the base's value; around zero each survivor shows.
   */
  zeroBase: string;
  taskVectors: string[];
}

async function readInputs(options: {
  folder: string;
  base: string;
  models: readonly string[];
  layout: Layout;
  temporary: string;
}): Promise<Inputs> {
  const { folder, layout, temporary } = options;
  const read = async (model: string) =>
    flatten((await readSafetensors(join(model, 'model.safetensors'))).tensors, layout);
  const base = await read(options.base);
  const write = async (name: string, vector: Float64Array) => {
    const path = join(temporary, 'inputs', name);
    await writeModel(path, unflatten(vector, layout));
    await copyConfig(options.base, path);
    return path;
  };
  const taskVectors: string[] = [];
  for (const [i, model] of options.models.entries()) {
    const vector = (await read(model)).map((value, at) => value - (base[at] as number));
    taskVectors.push(await write(`task-vector-${i + 1}`, vector));
  }
  const zeroBase = await write('zero', new Float64Array(layout.size));
  const probe = [...(await readValues(folder, 'probe.safetensors:indices'))];
  return { base, probe, zeroBase, taskVectors };
}

async function compare(options: {
  folder: string;
  part: string;
  key: string;
  parameters: Case;
  recipe: CaseRecipe;
  merged: Float64Array;
  inputs: Inputs;
}) {
  const { folder, part, key, parameters, recipe, merged, inputs } = options;
  const tolerance =
    (recipe.float64 === true ? undefined : parameters.tolerance.float32) ?? parameters.tolerance.float64;
  // What float64 arithmetic gives is rounded once, to the stored float32.
  const step = recipe.float64 === true ? 2 ** -24 : 0;
  const allowed = (value: number) => tolerance + step * Math.abs(value);
  const fragile = await readFragile(folder, part, key);
  const vector = recipe.result === 'weights' ? merged : merged.map((value, i) => value - (inputs.base[i] as number));

  const expected = await readValues(folder, parameters.probe);
  const wrong = inputs.probe.filter(
    (position, i) =>
      !fragile.has(position) &&
      !(Math.abs((vector[position] as number) - (expected[i] as number)) <= allowed(expected[i] as number)),
  );
  expect(wrong, `probe positions further from the reference than ${tolerance}`).toEqual([]);

  if (parameters.model !== undefined && existsSync(join(folder, parameters.model))) {
    const { tensors } = await readSafetensors(join(folder, parameters.model));
    const whole = flatten(tensors, await readLayout(join(folder, 'layout.json')));
    // The stored model is float32: its own rounding comes on top.
    const far = [...whole.keys()].filter(
      (i) =>
        !fragile.has(i) &&
        !(
          Math.abs((merged[i] as number) - (whole[i] as number)) <=
          allowed(whole[i] as number) + 6e-8 * Math.abs(whole[i] as number)
        ),
    );
    expect(far, 'positions further from the full model than the tolerance').toEqual([]);
  }

  const found = statistics(vector);
  const slack = fragile.size * parameters.max_abs + step * parameters.l1;
  expect(Math.abs(found.maxAbs - parameters.max_abs), 'largest magnitude').toBeLessThanOrEqual(
    allowed(parameters.max_abs),
  );
  expect(Math.abs(found.sum - parameters.sum), 'sum').toBeLessThanOrEqual(tolerance * vector.length + slack);
  expect(Math.abs(found.l1 - parameters.l1), 'L1 norm').toBeLessThanOrEqual(tolerance * vector.length + slack);
  expect(Math.abs(found.l2 - parameters.l2), 'L2 norm').toBeLessThanOrEqual(
    tolerance * Math.sqrt(vector.length) + slack,
  );
  if (recipe.result === 'weights') expect(found.nonzero, 'positions that are not zero').toBe(parameters.nonzero);
}

function statistics(vector: Float64Array) {
  let [sum, l1, squares, maxAbs, nonzero] = [0, 0, 0, 0, 0];
  for (const value of vector) {
    sum += value;
    l1 += Math.abs(value);
    squares += value * value;
    maxAbs = Math.max(maxAbs, Math.abs(value));
    if (value !== 0) nonzero++;
  }
  return { sum, l1, l2: Math.sqrt(squares), maxAbs, nonzero };
}

async function readFragile(folder: string, part: string, key: string): Promise<ReadonlySet<number>> {
  const path = join(folder, part, 'fragile.safetensors');
  if (!existsSync(path)) return new Set();
  const { tensors } = await readSafetensors(path);
  return tensors.has(key) ? new Set(await readValues(folder, `${part}/fragile.safetensors:${key}`)) : new Set();
}

/** Every model but the base, numbers in their names in order. */
async function modelFolders(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name !== 'base');
  names.sort(new Intl.Collator('en', { numeric: true }).compare);
  return names.map((name) => join(folder, name));
}
