import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  findTaps,
  type GraphTensor,
  graphOverFiles,
  registerArchitectures,
  runGraph,
  tapOutputs,
} from '@hubfuse/graphs';
import { Registry } from '@hubfuse/plugin';
import { folderSource, readCheckpoint, readSafetensors, toFloat32 } from '@hubfuse/tensors';
import { expect, test } from 'vitest';
import { goldenPart } from './golden-folder.ts';

// Second moments of layer inputs beside those that PyTorch's hooks and own float64 code gave for the same batches.

const part = goldenPart('methods');
const folder = part === undefined ? undefined : join(part, 'regmean');
const NAME = /^grams-(?<masked>masked-)?(?<task>task-\d+)\.safetensors$/;
const files = folder !== undefined && existsSync(folder) ? readdirSync(folder).filter((name) => NAME.test(name)) : [];

if (files.length === 0) test.skip('golden grams: absent', () => {});

test.each(files)('%s is what a graph with taps yields, and nothing else', async (file) => {
  const { masked, task = '' } = NAME.exec(file)?.groups ?? {};
  const methods = part ?? '';
  const model = join(methods, 'models', task);
  const registry = new Registry();
  await registerArchitectures(registry);
  const config = JSON.parse(await readFile(join(model, 'config.json'), 'utf8')) as Record<string, unknown>;
  const { tensors } = await readCheckpoint(await folderSource(model));
  const taps = findTaps({ config, tensors, registry });
  const padding = masked === undefined ? 'include' : 'mask';
  const layers = taps.map(({ layer }) => layer);
  const graph = await graphOverFiles({ config, tensors, registry, folder: model, taps: { padding, layers } });
  const results = await runGraph({ ...graph, feeds: await batchesOf(join(methods, 'batches.safetensors'), task) });

  const expected = (await readSafetensors(join(methods, 'regmean', file))).tensors;
  expect(taps.flatMap(({ layer, aliases }) => [layer, ...aliases]).sort()).toEqual([...expected.keys()].sort());
  for (const tap of taps) {
    const actual = mean(tap, results);
    for (const layer of [tap.layer, ...tap.aliases]) {
      const gram = toFloat32(expected.get(layer)?.data ?? new Uint8Array(), 'F32');
      expect(gram).toHaveLength(tap.width ** 2);
      const scale = gram.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
      let worst = 0;
      for (let i = 0; i < tap.width; i++) {
        for (let j = i; j < tap.width; j++) {
          const at = i * tap.width + j;
          worst = Math.max(worst, Math.abs((actual[at] ?? Number.NaN) - (gram[at] ?? 0)) / scale);
        }
      }
      expect(worst, layer).toBeLessThan(1e-6);
    }
  }
});

async function batchesOf(file: string, task: string): Promise<Record<string, GraphTensor>[]> {
  const { tensors } = await readSafetensors(file);
  const batches = new Map<string, Record<string, GraphTensor>>();
  for (const [name, { data, dtype, shape }] of tensors) {
    const [, of, batch, input] = /^(task-\d+)\.(batch-\d+)\.(input_ids|attention_mask)$/.exec(name) ?? [];
    if (of !== task || batch === undefined || input === undefined) continue;
    expect(dtype).toBe('I64');
    const own = new BigInt64Array(new Uint8Array(data).buffer);
    const feed = batches.get(batch) ?? {
      token_type_ids: { data: new BigInt64Array(own.length), dimensions: [...shape] },
    };
    feed[input] = { data: own, dimensions: [...shape] };
    batches.set(batch, feed);
  }
  expect(batches.size).toBeGreaterThan(0);
  return [...batches.values()];
}

/** The mean of x x^T over all rows of all batches; only the upper triangle is filled. */
function mean(
  tap: { layer: string; width: number },
  results: readonly Readonly<Record<string, GraphTensor>>[],
): Float64Array {
  const sum = new Float64Array(tap.width ** 2);
  let rows = 0;
  for (const result of results) {
    for (const output of tapOutputs(tap)) {
      const data = result[output.name]?.data ?? new Float32Array();
      if (output.kind === 'rows') {
        rows += Number(data[0]);
        continue;
      }
      const { firstRow, rows: height, firstColumn, columns } = output;
      for (let i = 0; i < height; i++) {
        for (let j = 0; j < columns; j++) {
          const at = (firstRow + i) * tap.width + firstColumn + j;
          sum[at] = (sum[at] ?? 0) + Number(data[i * columns + j]);
        }
      }
    }
  }
  return sum.map((value) => value / rows);
}
