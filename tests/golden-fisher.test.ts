import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dataset, type EncodedDataset, registerEvaluation } from '@hubfuse/evaluate';
import { registerArchitectures, runGraph } from '@hubfuse/graphs';
import { Registry } from '@hubfuse/plugin';
import { findMeasure } from '@hubfuse/statistics';
import { folderSource, readCheckpoint, readSafetensors, toFloat64, writeSafetensors } from '@hubfuse/tensors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flatten, type Layout, readLayout, readValues } from './flat-vector.ts';
import { goldenPart } from './golden-folder.ts';
import { mergeRecipe } from './merge-recipe.ts';
import { plainStatistics } from './plain-statistics.ts';

interface FisherCase {
  variant: string;
  normalise: string;
  coefficients: number[] | null;
  l1: number;
  l2: number;
  max_abs: number;
  tolerance: { float32: number };
  probe: string;
}

const methods = goldenPart('methods');
if (methods !== undefined) {
  if (existsSync(join(methods, 'fisher'))) await describeFisher(methods);
  else test.skip(`golden methods/fisher: absent from ${methods}`, () => {});
}

async function describeFisher(folder: string): Promise<void> {
  const files = await readdir(join(folder, 'fisher'));
  const { cases } = JSON.parse(await readFile(join(folder, 'fisher', 'cases.json'), 'utf8')) as {
    cases: Record<string, FisherCase>;
  };
  const layout = await readLayout(join(folder, 'layout.json'));
  const batches = (await readSafetensors(join(folder, 'batches.safetensors'))).tensors;
  let temporary: string;
  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'hubfuse-golden-fisher-'));
  });
  afterAll(() => rm(temporary, { recursive: true, force: true }));

  describe('Fisher information that is gathered', () => {
    for (const file of files) {
      const [, variant, task] = /^(.+)-(task-\d+)\.safetensors$/.exec(file) ?? [];
      if (variant === undefined || task === undefined || !batches.has(`${task}.batch-0.input_ids`)) continue;
      test(`${variant} of ${task} is the reference's`, { timeout: 600_000 }, async () => {
        const expected = (await readSafetensors(join(folder, 'fisher', file))).tensors;
        const data = encode(batches, task);
        const found = await gather({ folder: join(folder, 'models', task), variant, data, keys: [...expected.keys()] });
        for (const [name, tensor] of expected) {
          // Softmax does not feel the keys' bias: what is left of its gradient is rounding.
          if (/(key|k_lin)\.bias$/.test(name)) continue;
          const values = toFloat64(tensor.data, tensor.dtype);
          const sums = found.get(name) ?? new Float64Array();
          expect(sums).toHaveLength(values.length);
          const largest = values.reduce((most, value) => Math.max(most, value), 0);
          const far = values.reduce((most, value, i) => Math.max(most, Math.abs(value - (sums[i] ?? Number.NaN))), 0);
          expect(far, name).toBeLessThanOrEqual(1e-4 * largest);
        }
      });
    }
  });

  describe("the authors' Fisher-weighted averages", () => {
    for (const [key, parameters] of Object.entries(cases)) {
      test(key, async () => {
        const models = (await readdir(join(folder, 'models'))).filter((name) => name !== 'base');
        models.sort(new Intl.Collator('en', { numeric: true }).compare);
        const paths = models.map((model) => {
          const path = join(folder, 'fisher', `${parameters.variant}-${model}.safetensors`);
          // The soft variant's information is zero by construction, so there is no file of it.
          return parameters.variant === 'soft' ? writeZeros(join(temporary, `${model}.safetensors`), layout) : path;
        });
        const request = { kind: 'fisher', variant: parameters.variant } as const;
        const statistics = await Promise.all(paths.map(async (path) => plainStatistics(await path, request)));
        const text = JSON.stringify({
          merge_method: 'fisher',
          models: models.map((model, i) => ({
            model: join(folder, 'models', model),
            parameters: parameters.coefficients === null ? {} : { weight: parameters.coefficients[i] },
          })),
          parameters: { variant: parameters.variant, normalize: parameters.normalise },
          out_dtype: 'float32',
        });
        const { tensors, plan } = await mergeRecipe({ text, out: join(temporary, key), statistics });
        expect(plan.warnings.some((warning) => warning.includes('soft'))).toBe(parameters.variant === 'soft');
        // Tensors without statistics stay at the base in the reference; a recipe averages them.
        const base = (await readSafetensors(join(folder, 'models', 'base', 'model.safetensors'))).tensors;
        const held = new Set(statistics[0]?.tensors.keys());
        const merged = flatten(
          new Map(
            [...tensors].map((entry) => (held.has(entry[0]) ? entry : [entry[0], base.get(entry[0]) ?? entry[1]])),
          ),
          layout,
        );
        const tolerance = parameters.tolerance.float32;
        const probe = await readValues(folder, 'probe.safetensors:indices');
        const expected = await readValues(folder, parameters.probe);
        const wrong = [...probe].filter((at, i) => !(Math.abs((merged[at] ?? 0) - (expected[i] ?? 0)) <= tolerance));
        expect(wrong, `probe positions further from the reference than ${tolerance}`).toEqual([]);
        const l1 = merged.reduce((sum, value) => sum + Math.abs(value), 0);
        const l2 = Math.sqrt(merged.reduce((sum, value) => sum + value * value, 0));
        expect(Math.abs(l1 - parameters.l1)).toBeLessThanOrEqual(tolerance * merged.length);
        expect(Math.abs(l2 - parameters.l2)).toBeLessThanOrEqual(tolerance * Math.sqrt(merged.length));
      });
    }
  });
}

type Data = { encoded: EncodedDataset; dataset: Dataset };

/** The batches as one dataset of examples without padding. */
function encode(batches: Awaited<ReturnType<typeof readSafetensors>>['tensors'], task: string): Data {
  const ints = (name: string): { values: number[]; width: number } => {
    const tensor = batches.get(name);
    if (tensor === undefined) return { values: [], width: 1 };
    const bytes = tensor.data.slice();
    const values = Array.from(new BigInt64Array(bytes.buffer, 0, bytes.byteLength / 8), Number);
    return { values, width: tensor.shape[1] ?? 1 };
  };
  const rows: number[][] = [];
  const labels: number[] = [];
  for (let batch = 0; batches.has(`${task}.batch-${batch}.input_ids`); batch++) {
    const { values, width } = ints(`${task}.batch-${batch}.input_ids`);
    const mask = ints(`${task}.batch-${batch}.attention_mask`).values;
    for (const [row, label] of ints(`${task}.batch-${batch}.labels`).values.entries()) {
      const tokens = values.slice(row * width, (row + 1) * width);
      rows.push(tokens.filter((_, at) => mask[row * width + at] === 1));
      labels.push(label);
    }
  }
  const lengths = Int32Array.from(rows, ({ length }) => length);
  let offset = 0;
  const encoded: EncodedDataset = {
    ids: Int32Array.from(rows.flat()),
    lengths,
    tokenOffsets: lengths.map((length) => {
      offset += length;
      return offset - length;
    }),
    labelCounts: lengths.map(() => 1),
    labelOffsets: lengths.map((_, example) => example),
    positions: lengths.map(() => 0),
    cut: lengths.map(() => 0),
    padId: 0,
    cutExamples: 0,
  };
  const examples = labels.map((label) => ({ input: '', labels: [label] }));
  return {
    encoded,
    dataset: { name: task, task: 'text-classification', where: 'batches.safetensors', examples, domain: 'in' },
  };
}

/** The means over all runs, in float64. */
async function gather(options: { folder: string; variant: string; data: Data; keys: readonly string[] }) {
  const registry = new Registry();
  await Promise.all([registerArchitectures(registry), registerEvaluation(registry)]);
  const { folder, variant, data, keys } = options;
  const { tensors } = await readCheckpoint(await folderSource(folder));
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
  const { measure } = findMeasure({ kind: 'fisher', variant });
  const measurement = measure.measure({ name: folder, folder, config, tensors, registry }, { variant });
  const labels = Object.values((config.id2label as Record<string, string> | undefined) ?? ['LABEL_0', 'LABEL_1']);
  const task = registry.get('task', data.dataset.task);
  const runs = measure.runs({ ...data, labels, task }, variant);
  const all = Array.from({ length: runs.length }, (_, index) => runs.at(index));
  const graph = await measurement.graph(keys);
  const one = { ...graph, sessionOptions: { ...graph.sessionOptions, intraOpNumThreads: 1 } };
  const outputs = await runGraph({ ...one, feeds: all.map(({ feeds }) => feeds) });
  const rows = all.reduce((sum, run) => sum + (run.rows ?? 1), 0);
  const means = new Map<string, Float64Array>();
  for (const { key, elements, contributions } of measurement.entries.filter((entry) => keys.includes(entry.key))) {
    const sums = new Float64Array(elements);
    for (const output of outputs) {
      const gradient = new Float64Array(elements);
      for (const contribution of contributions) {
        const values = output[contribution.output]?.data as Float32Array;
        if (contribution.rule === 'squares') gradient.set(values);
        if (contribution.rule !== 'row-squares') continue;
        const { width } = contribution;
        for (const [place, value] of values.entries()) {
          const row = Number(output[contribution.indices]?.data[Math.floor(place / width)] ?? 0);
          const at = row * width + (place % width);
          gradient[at] = (gradient[at] ?? 0) + value;
        }
      }
      for (const [at, value] of gradient.entries()) sums[at] = (sums[at] ?? 0) + value ** 2 / rows;
    }
    means.set(key, sums);
  }
  return means;
}

async function writeZeros(path: string, layout: Layout): Promise<string> {
  const tensors = layout.tensors.map(({ name, shape }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    return [name, { dtype: 'F32' as const, shape, data: new Uint8Array(4 * length) }] as const;
  });
  await writeSafetensors(path, new Map(tensors));
  return path;
}
