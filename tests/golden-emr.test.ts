import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTask, materializeTask, readTaskDescription } from '@hubfuse/merge';
import { folderSource, readSafetensors, type TensorData, toFloat64 } from '@hubfuse/tensors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flatten, readLayout, readValues } from './flat-vector.ts';
import { translateExclude } from './golden-cases.ts';
import { goldenPart } from './golden-folder.ts';
import { mergeRecipe } from './merge-recipe.ts';

interface EmrCase {
  excluded: string[];
  rescalers_code: number[];
  rescalers_paper: number[];
  mask_ones: number[];
  tolerance: { unified: number; masks: number; rescalers: number };
}

const methods = goldenPart('methods');
const part = methods === undefined ? undefined : join(methods, 'emr');
if (part !== undefined && existsSync(join(part, 'cases.json'))) {
  await describeCases(join(part, '..'), JSON.parse(await readFile(join(part, 'cases.json'), 'utf8')));
} else test.skip('golden methods/emr: absent', () => {});

async function describeCases(folder: string, cases: Record<string, EmrCase>) {
  const layout = await readLayout(join(folder, 'layout.json'));
  const names = layout.tensors.map(({ name }) => name);
  const models = (await readdir(join(folder, 'models'))).filter((name) => name !== 'base');
  models.sort(new Intl.Collator('en', { numeric: true }).compare);
  let temporary: string;
  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'hubfuse-golden-emr-'));
  });
  afterAll(() => rm(temporary, { recursive: true, force: true }));

  describe.each(Object.entries(cases))('the authors EMR-Merging, %s', (key, expected) => {
    const exclude = translateExclude(expected.excluded, names);
    const merged = names.filter((name) => !exclude.includes(`^${name}`));

    test.each(['code', 'paper'] as const)('vector, masks and rescalers, rescale: %s', async (rescale) => {
      const out = join(temporary, `${key}-${rescale}`);
      const text = JSON.stringify({
        merge_method: 'emr',
        base_model: join(folder, 'models', 'base'),
        models: models.map((name) => join(folder, 'models', name)),
        parameters: { rescale, exclude },
        heads: 'merge',
      });
      await mergeRecipe({ text, out });
      const { tensors: vector } = await readSafetensors(join(out, 'vector.safetensors'));
      const { tensors: unified } = await readSafetensors(join(folder, 'emr', 'unified.safetensors'));
      const { tensors: bits } = await readSafetensors(join(folder, 'emr', 'masks.safetensors'));
      expect([...vector.keys()].sort()).toEqual(merged);
      for (const name of merged) {
        const [found, wanted] = [valuesOf(vector, name), valuesOf(unified, name)];
        const far = [...wanted.keys()].filter(
          (i) => !(Math.abs((found[i] as number) - (wanted[i] as number)) <= expected.tolerance.unified),
        );
        expect(far, name).toEqual([]);
      }
      const description = await readTaskDescription(await folderSource(out));
      const rescalers = expected[`rescalers_${rescale}`];
      for (const [i, model] of models.entries()) {
        const task = findTask(description, model);
        expect(Math.abs(task.rescaler - (rescalers[i] as number))).toBeLessThanOrEqual(expected.tolerance.rescalers);
        const { tensors: mask } = await readSafetensors(join(out, task.folder, 'mask.safetensors'));
        let [ones, differing] = [0, 0];
        for (const name of merged) {
          const wanted = (bits.get(`${model}.${name}`) as TensorData).data;
          const packed = (mask.get(name) as TensorData).data;
          wanted.forEach((value, k) => {
            const bit = ((packed[k >> 3] as number) >> (k & 7)) & 1;
            ones += bit;
            if (bit !== value) differing += 1;
          });
        }
        expect(differing, `mask bits of ${model}`).toBeLessThanOrEqual(expected.tolerance.masks);
        expect(ones).toBe(expected.mask_ones[i]);
      }
    });

    test.skipIf(exclude.length > 0).each(['code', 'paper'] as const)('rebuilt models, rescale: %s', async (rescale) => {
      const out = join(temporary, `${key}-${rescale}`);
      const description = await readTaskDescription(await folderSource(out));
      const probe = await readValues(folder, 'probe.safetensors:indices');
      for (const model of models) {
        const path = join(temporary, `${key}-${rescale}-${model}.safetensors`);
        await materializeTask({ folder: out, task: findTask(description, model), path });
        const found = flatten((await readSafetensors(path)).tensors, layout);
        const wanted = await readValues(folder, `emr/reconstructed-probes.safetensors:${model}.${rescale}`);
        const far = [...probe].filter((at, i) => !(Math.abs((found[at] as number) - (wanted[i] as number)) <= 1e-7));
        expect(far, model).toEqual([]);
      }
    });
  });
}

function valuesOf(tensors: ReadonlyMap<string, TensorData>, name: string): Float64Array {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`${name} is missing`);
  return toFloat64(tensor.data, tensor.dtype);
}
