import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GraphError, Registry } from '@hubfuse/plugin';
import { folderSource, readCheckpoint, type StoredTensor, type TensorData, writeSafetensors } from '@hubfuse/tensors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { embedding } from '../blocks/embedding.ts';
import { pooledFirstToken } from '../blocks/heads.ts';
import { linear } from '../blocks/linear.ts';
import { Sequence } from '../blocks/sequence.ts';
import { tokenInputs } from '../blocks/token-inputs.ts';
import { type ArchitectureDefinition, defineArchitecture } from '../define-architecture.ts';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import { graphOverFiles } from '../graph-over-files.ts';
import { type GraphTensor, runGraph } from '../run-graph.ts';
import { findTaps } from './find-taps.ts';
import { type PaddingRule, tapOutputs } from './taps.ts';

// A model of two-dimensional word vectors, built in the ways in which architectures build linear layers.

const config = { model_type: 'toy', architectures: ['Toy'] };
const WORDS = [1, 2, -3, 4, 5, 0.5];
let folder: string;
let tensors: ReadonlyMap<string, StoredTensor>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-taps-'));
  const stored = new Map([
    ['toy.words.weight', tensor([3, 2], ...WORDS)],
    ['toy.a.weight', tensor([3, 2], 1, 0, 0, 1, 1, 1)],
    ['toy.a.bias', tensor([3], 0, 0, 0)],
    ['toy.b.weight', tensor([2, 2], 1, 0, 0, 1)],
    ['toy.b.bias', tensor([2], 0, 0)],
    ['toy.wide.weight', tensor([1, 300], ...new Array<number>(300).fill(1))],
    ['toy.wide.bias', tensor([1], 0)],
    ['toy.stored-in-out.weight', tensor([2, 4], 1, 2, 3, 4, 5, 6, 7, 8)],
  ]);
  await writeSafetensors(join(folder, 'model.safetensors'), stored);
  tensors = (await readCheckpoint(await folderSource(folder))).tensors;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function tensor(shape: number[], ...values: number[]): TensorData {
  return { dtype: 'F32', shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

interface Toy {
  builder: GraphBuilder;
  inputIds: Value;
  /** Word vectors as rows, one per token. */
  rows: Value;
  sequence: Sequence;
}

function registryOf(build: (toy: Toy) => void): Registry {
  const registry = new Registry();
  const definition: ArchitectureDefinition = {
    name: 'toy',
    modelTypes: ['toy'],
    classes: ['Toy'],
    prefix: 'toy',
    heads: [],
    labelTensors: [],
    build(builder) {
      const { inputIds, attentionMask } = tokenInputs(builder);
      const sequence = new Sequence(builder, { inputIds, attentionMask });
      const words = embedding(builder, inputIds, 'toy.words.weight', { entries: 3, width: 2 });
      build({ builder, inputIds, rows: sequence.toRows(words, 2), sequence });
    },
  };
  registry.register(defineArchitecture(definition));
  return registry;
}

const ints = (...values: number[]): BigInt64Array => BigInt64Array.from(values, BigInt);

/** Two sequences, of three tokens and of one. */
const BATCH: Record<string, GraphTensor> = {
  input_ids: { data: ints(0, 1, 2, 1, 2, 2), dimensions: [2, 3] },
  attention_mask: { data: ints(1, 1, 1, 1, 0, 0), dimensions: [2, 3] },
};

async function measure(registry: Registry, layer: string, padding: PaddingRule): Promise<Record<string, number[]>> {
  const graph = await graphOverFiles({ config, tensors, registry, folder, taps: { padding, layers: [layer] } });
  const [result] = await runGraph({ ...graph, feeds: [BATCH] });
  return Object.fromEntries(Object.entries(result ?? {}).map(([name, { data }]) => [name, Array.from(data, Number)]));
}

const word = (id: number): [number, number] => [WORDS[2 * id] ?? 0, WORDS[2 * id + 1] ?? 0];
/** The sum of x x^T over words, row by row. */
function moments(...ids: number[]): number[] {
  const vectors = ids.map(word);
  const entry = (i: 0 | 1, j: 0 | 1): number => vectors.reduce((sum, vector) => sum + vector[i] * vector[j], 0);
  return [entry(0, 0), entry(0, 1), entry(1, 0), entry(1, 1)];
}

test('padding is left out or included, as asked', async () => {
  const registry = registryOf(({ builder, rows }) =>
    builder.output('logits', linear(builder, rows, 'toy.a', { in: 2, out: 3 }), ['rows', 3]),
  );
  expect(await measure(registry, 'toy.a', 'mask')).toEqual({
    'toy.a:rows': [4],
    'toy.a:moments:0:0': moments(0, 1, 2, 1),
  });
  expect(await measure(registry, 'toy.a', 'include')).toEqual({
    'toy.a:rows': [6],
    'toy.a:moments:0:0': moments(0, 1, 2, 1, 2, 2),
  });
});

test('rows of sequences are all counted, since the mask speaks of tokens', async () => {
  const registry = registryOf(({ builder, rows, sequence }) =>
    builder.output('logits', pooledFirstToken(builder, { sequence, rows, width: 2 }, 'toy.b'), ['batch', 2]),
  );
  expect(await measure(registry, 'toy.b', 'mask')).toEqual({ 'toy.b:rows': [2], 'toy.b:moments:0:0': moments(0, 1) });
});

test('layers that read one value share a tap, whatever they are called', () => {
  const registry = registryOf(({ builder, rows }) => {
    builder.output('a', linear(builder, rows, 'toy.a', { in: 2, out: 3 }), ['rows', 3]);
    builder.output('b', linear(builder, rows, 'toy.b', { in: 2, out: 2 }), ['rows', 2]);
  });
  expect(findTaps({ config, tensors, registry })).toMatchObject([{ layer: 'toy.a', aliases: ['toy.b'], width: 2 }]);
});

test('a matrix stored [in, out], or multiplied without Gemm, is a layer of the same width', async () => {
  const registry = registryOf(({ builder, rows, sequence }) => {
    const stored = builder.weight('toy.stored-in-out.weight', [2, 4]);
    builder.output('a', builder.node('Gemm', [rows, stored]), ['rows', 4]);
    const transposed = builder.node('Transpose', [builder.weight('toy.a.weight', [3, 2])], { perm: [1, 0] });
    builder.output('b', builder.node('MatMul', [sequence.fromRows(rows, [2]), transposed]), ['batch', 'length', 3]);
  });
  const taps = findTaps({ config, tensors, registry });
  expect(taps.map(({ layer, width }) => [layer, width])).toEqual([
    ['toy.stored-in-out', 2],
    ['toy.a', 2],
  ]);
  expect(await measure(registry, 'toy.a', 'mask')).toEqual({
    'toy.a:rows': [4],
    'toy.a:moments:0:0': moments(0, 1, 2, 1),
  });
});

test('a module that is applied twice is measured over both inputs', async () => {
  const registry = registryOf(({ builder, rows, sequence }) => {
    builder.output('a', linear(builder, rows, 'toy.b', { in: 2, out: 2 }), ['rows', 2]);
    const first = sequence.firstToken(rows, 2);
    builder.output('b', linear(builder, first, 'toy.b', { in: 2, out: 2 }), ['batch', 2]);
  });
  expect(await measure(registry, 'toy.b', 'mask')).toEqual({
    'toy.b:rows': [6],
    'toy.b:moments:0:0': moments(0, 1, 2, 1, 0, 1),
  });
});

test('an output layer that is tied to the embeddings is no layer of its own', () => {
  const registry = registryOf(({ builder, rows }) => {
    const table = builder.weight('toy.words.weight', [3, 2]);
    builder.output('logits', builder.node('Gemm', [rows, table], { transB: 1 }), ['rows', 3]);
  });
  expect(findTaps({ config, tensors, registry })).toEqual([]);
});

test('blocks cover the upper triangle of a wide input once', () => {
  const width = 700;
  const covered = new Uint8Array(width * width);
  for (const output of tapOutputs({ layer: 'wide', width })) {
    if (output.kind === 'rows') continue;
    const { firstRow, rows, firstColumn, columns } = output;
    for (let i = firstRow; i < firstRow + rows; i++) {
      for (let j = Math.max(i, firstColumn); j < firstColumn + columns; j++)
        covered[i * width + j] = (covered[i * width + j] ?? 0) + 1;
    }
  }
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < width; j++) if (covered[i * width + j] !== (j < i ? 0 : 1)) expect([i, j]).toEqual([]);
  }
});

test('a wide input is multiplied as a narrow one is', async () => {
  const wide = 300;
  const registry = registryOf(({ builder, rows }) => {
    const repeated = builder.node('Tile', [rows, builder.constant('int64', [1, wide / 2])]);
    builder.output('a', linear(builder, repeated, 'toy.wide', { in: wide, out: 1 }), ['rows', 1]);
  });
  const result = await measure(registry, 'toy.wide', 'mask');
  const [[a = 0, b = 0], [c = 0]] = [moments(0, 1, 2, 1), moments(0, 1, 2, 1).slice(3)];
  const outputs = tapOutputs({ layer: 'toy.wide', width: wide });
  expect(outputs).toHaveLength(4);
  for (const output of outputs) {
    if (output.kind === 'rows') continue;
    const { name, firstRow, firstColumn, rows, columns } = output;
    const entry = (i: number, j: number): number =>
      (firstRow + i) % 2 !== (firstColumn + j) % 2 ? b : (firstRow + i) % 2 === 0 ? a : c;
    expect(result[name]).toEqual(
      Array.from({ length: rows * columns }, (_, at) => entry(Math.floor(at / columns), at % columns)),
    );
  }
});

test('a tap that the graph does not have is refused with those that it has', async () => {
  const registry = registryOf(({ builder, rows }) =>
    builder.output('logits', linear(builder, rows, 'toy.a', { in: 2, out: 3 }), ['rows', 3]),
  );
  const measuring = measure(registry, 'toy.b', 'mask');
  await expect(measuring).rejects.toThrow(GraphError);
  await expect(measuring).rejects.toThrow('no linear layer "toy.b"');
});
