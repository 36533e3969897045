import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { plan, randomValues, scratch, tinyRegistry, writeModel } from '../../test/tiny-models.ts';
import { openBuilder } from '../execute/open-builder.ts';
import type { EvolutionStep, Genealogy } from './genealogy.ts';

const root = await scratch();
const registry = await tinyRegistry();
afterAll(() => rm(root, { recursive: true, force: true }));

const settings = { seed: 3, mode: 'differential', scale: 0.5, crossover: 0.5, dtype: 'F32', exclude: [] } as const;
const step = (generation: number, individual: number): EvolutionStep => {
  return { generation, individual, references: [(individual + 1) % 3, (individual + 2) % 3] };
};
/** As a search asks for them: rejected, accepted, built on that; two of one generation, and on. */
const POPULATIONS: readonly EvolutionStep[][] = [
  [],
  [step(0, 0)],
  [step(0, 1)],
  [step(0, 1), step(1, 2)],
  [step(0, 1), step(1, 2), step(1, 0)],
  [step(0, 1), step(1, 2), step(1, 0), step(2, 2)],
];

test.each([
  ['steady', undefined],
  ['synchronous', undefined],
  ['steady', 1],
] as const)(
  '%s, individual %s: what is kept is read once, and has the bytes of a full replay',
  async (update, individual) => {
    const folder = join(root, `${update}-${individual}`);
    const models = await Promise.all(
      [1, 2, 3, 4].map((seed) => {
        const random = randomValues(seed);
        const tensors = {
          'tiny.a': { shape: [], values: random(1) },
          'tiny.b': { shape: [131], values: random(131), dtype: seed % 2 === 0 ? ('BF16' as const) : ('F32' as const) },
        };
        return writeModel(folder, { name: `model-${seed}`, tensors });
      }),
    );
    const [base = '', ...others] = models;
    const made = await plan(registry, { merge_method: 'pcb', base_model: base, models: others });
    const whole = join(folder, 'whole');
    const genealogies = POPULATIONS.map((steps): Genealogy => {
      return { ...settings, update, steps, ...(individual === undefined ? {} : { individual }) };
    });
    const expected: Buffer[] = [];
    const replaying = openBuilder({ registry, plan: made.plan, workers: 1 });
    for (const genealogy of genealogies) {
      await replaying.build({ ...made, genealogy, out: whole });
      expected.push(await readFile(join(whole, 'model.safetensors')));
    }
    await replaying.close();
    const builder = openBuilder({ registry, plan: made.plan, workers: 2, keep: true });
    const out = join(folder, 'out');
    try {
      const all: Genealogy = { ...settings, update, steps: [] };
      await builder.build({ ...made, genealogy: all, out });
      // Whoever reads a model again finds other values.
      for (const model of models) {
        const path = join(model, 'model.safetensors');
        const bytes = await readFile(path);
        await writeFile(path, bytes.fill(0x11, bytes.length - 64));
      }
      for (const [index, genealogy] of genealogies.entries()) {
        await builder.build({ ...made, genealogy, out });
        const found = await readFile(join(out, 'model.safetensors'));
        expect(found.equals(expected[index] as Buffer), `population ${index}`).toBe(true);
      }
    } finally {
      await builder.close();
    }
  },
);
