import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGraph, checkGraph, graphOverFiles, registerArchitectures, runGraph } from '@hubfuse/graphs';
import { Registry } from '@hubfuse/plugin';
import {
  type FloatDType,
  folderSource,
  fromFloat32,
  readCheckpoint,
  readSafetensors,
  type TensorData,
  toFloat32,
  toFloat64,
  writeSafetensors,
} from '@hubfuse/tensors';
import { afterAll, beforeAll, expect, test } from 'vitest';

// However a checkpoint is spelled, stored or placed, its graph computes the same model.

const GOLDEN = join(import.meta.dirname, 'golden', 'architectures');
const BERT = join(GOLDEN, 'bert-sequence-classification');
const registry = new Registry();
let scratch: string;

beforeAll(async () => {
  await registerArchitectures(registry);
  scratch = await mkdtemp(join(tmpdir(), 'hubfuse-checkpoints-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

type Tensors = Map<string, TensorData>;

async function copyOf(from: string, name: string): Promise<string> {
  const folder = join(scratch, name);
  await cp(from, folder, { recursive: true });
  return folder;
}

/** A copy of a golden folder whose weights went through `change`. */
async function changed(from: string, name: string, change: (tensors: Tensors) => Tensors): Promise<string> {
  const folder = await copyOf(from, name);
  const file = join(folder, 'model.safetensors');
  await writeSafetensors(file, change(new Map((await readSafetensors(file)).tensors)));
  return folder;
}

async function changeConfig(folder: string, change: (config: Record<string, unknown>) => void): Promise<void> {
  const path = join(folder, 'config.json');
  const config = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  change(config);
  await writeFile(path, JSON.stringify(config));
}

const renamed = (tensors: Tensors, rename: (name: string) => string): Tensors =>
  new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));

test.each([
  ['bert-sequence-classification', 'bert.'],
  ['bert-masked-lm', 'bert.'],
  ['roberta-sequence-classification', 'roberta.'],
  ['distilbert-sequence-classification', 'distilbert.'],
])('%s without the prefix on its encoder is the same model', async (name, prefix) => {
  const folder = await changed(join(GOLDEN, name), `${name}-bare`, (tensors) =>
    renamed(tensors, (tensor) => (tensor.startsWith(prefix) ? tensor.slice(prefix.length) : tensor)),
  );
  expect(await checkGraph({ folder, registry })).toMatchObject({ passed: true });
});

test('legacy names of layer norms are read in files with and without the prefix', async () => {
  const legacy = (name: string): string =>
    name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta');
  const folder = await changed(BERT, 'legacy', (tensors) =>
    renamed(tensors, (name) => legacy(name.replace('bert.', ''))),
  );
  expect(await checkGraph({ folder, registry })).toMatchObject({ passed: true });
});

test.each([true, false])(
  'a bare encoder gives the last hidden state and the pooler output (prefix: %s)',
  async (prefix) => {
    const folder = await changed(BERT, `encoder-${prefix}`, (tensors) =>
      renamed(tensors, (name) => (prefix ? name : name.replace('bert.', ''))),
    );
    await changeConfig(folder, (config) => {
      config.architectures = ['BertModel'];
    });
    const io = new Map((await readSafetensors(join(folder, 'io.safetensors'))).tensors);
    const expected: Tensors = new Map([...io].filter(([name]) => /(?:input\.|hidden\.2$)/.test(name)));
    for (const [name, tensor] of io) {
      if (name.endsWith('hidden.2')) expected.set(name.replace('hidden.2', 'output.last_hidden_state'), tensor);
    }
    await writeSafetensors(join(folder, 'io.safetensors'), expected);
    const check = await checkGraph({ folder, registry });
    expect(check).toMatchObject({ passed: true, className: 'BertModel' });
    expect(check.differences.map(({ output }) => output)).toContain('output.last_hidden_state');
    const { tensors } = await readCheckpoint(await folderSource(folder));
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
    const { model, sessionOptions } = await graphOverFiles({ folder, config, tensors, registry });
    const inputs = { data: BigInt64Array.of(2n, 3n), dimensions: [1, 2] };
    const [outputs] = await runGraph({
      model,
      sessionOptions,
      feeds: [{ input_ids: inputs, attention_mask: inputs, token_type_ids: { ...inputs, data: new BigInt64Array(2) } }],
    });
    expect(outputs?.pooler_output?.dimensions).toEqual([1, 48]);
  },
);

test('weights in shards are found file by file', async () => {
  const folder = await copyOf(BERT, 'shards');
  const { tensors } = await readSafetensors(join(folder, 'model.safetensors'));
  const shards: Tensors[] = [new Map(), new Map(), new Map()];
  for (const [index, [name, tensor]] of [...tensors].entries()) shards[index % shards.length]?.set(name, tensor);
  const weightMap: Record<string, string> = {};
  for (const [index, shard] of shards.entries()) {
    const file = `model-0000${index + 1}-of-00003.safetensors`;
    await writeSafetensors(join(folder, file), shard);
    for (const name of shard.keys()) weightMap[name] = file;
  }
  await writeFile(
    join(folder, 'model.safetensors.index.json'),
    JSON.stringify({ metadata: {}, weight_map: weightMap }),
  );
  await rm(join(folder, 'model.safetensors'));
  expect(await checkGraph({ folder, registry })).toMatchObject({ passed: true });
});

test('a snapshot of the Hugging Face cache, whose files are links out of its folder, is opened in place', async () => {
  const blobs = join(scratch, 'cache', 'blobs');
  await mkdir(blobs, { recursive: true });
  const snapshot = await copyOf(BERT, join('cache', 'snapshots', 'revision'));
  await rename(join(snapshot, 'model.safetensors'), join(blobs, 'c0ffee'));
  await symlink(join('..', '..', 'blobs', 'c0ffee'), join(snapshot, 'model.safetensors'));
  expect(await checkGraph({ folder: snapshot, registry })).toMatchObject({ passed: true });
});

test('a head in a file of its own joins the encoder', async () => {
  const folder = await copyOf(BERT, 'head');
  const all = (await readSafetensors(join(folder, 'model.safetensors'))).tensors;
  const part = (head: boolean): Tensors => new Map([...all].filter(([name]) => name.startsWith('classifier') === head));
  await mkdir(join(folder, 'heads'));
  await writeSafetensors(join(folder, 'model.safetensors'), part(false));
  await writeSafetensors(join(folder, 'trunk.safetensors'), part(false));
  await writeSafetensors(join(folder, 'heads', 'model.safetensors'), part(true));
  const trunk = await readCheckpoint(await folderSource(folder));
  const head = await readCheckpoint(await folderSource(join(folder, 'heads')));
  const tensors = new Map(trunk.tensors);
  for (const [name, tensor] of head.tensors) tensors.set(name, { ...tensor, file: `heads/${tensor.file}` });
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
  const joined = await graphOverFiles({ folder, config, tensors, registry });
  const whole = await graphOverFiles({ folder: BERT, config, tensors: await storedIn(BERT), registry });
  expect(await logitsOf(joined)).toEqual(await logitsOf(whole));
});

test('weights handed over in memory give what the file gives', async () => {
  const config = JSON.parse(await readFile(join(BERT, 'config.json'), 'utf8')) as Record<string, unknown>;
  const tensors = await storedIn(BERT);
  const model = buildGraph({ config, tensors, registry, locate: ({ offset }) => ({ location: 'candidate', offset }) });
  const data = new Uint8Array(await readFile(join(BERT, 'model.safetensors')));
  const inMemory = { model, sessionOptions: { externalData: [{ path: 'candidate', data }] } };
  expect(await logitsOf(inMemory)).toEqual(
    await logitsOf(await graphOverFiles({ folder: BERT, config, tensors, registry })),
  );
});

test.each<FloatDType>(['F16', 'BF16', 'F64'])(
  'weights stored as %s compute as their float32 values do',
  async (dtype) => {
    const narrow = (tensors: Tensors): Tensors =>
      new Map(
        [...tensors].map(([name, { dtype: from, shape, data }]) => [
          name,
          { dtype, shape, data: fromFloat32(toFloat32(data, from), dtype).data },
        ]),
      );
    const widen = (tensors: Tensors): Tensors =>
      new Map(
        [...narrow(tensors)].map(([name, { shape, data }]) => [
          name,
          { dtype: 'F32', shape, data: new Uint8Array(Float32Array.from(toFloat64(data, dtype)).buffer) },
        ]),
      );
    for (const golden of ['bert-sequence-classification', 'bert-masked-lm', 'roberta-token-classification']) {
      const results: number[][] = [];
      for (const [name, change] of [
        ['stored', narrow],
        ['widened', widen],
      ] as const) {
        const folder = await changed(join(GOLDEN, golden), `${golden}-${dtype}-${name}`, change);
        const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
        results.push(
          await logitsOf(await graphOverFiles({ folder, config, tensors: await storedIn(folder), registry })),
        );
      }
      expect(results[0]).toEqual(results[1]);
    }
  },
);

test.each([
  'bert-sequence-classification',
  'bert-decoder',
  'roberta-sequence-classification',
  'distilbert-sequence-classification',
])('%s: a last layer of the first tokens alone gives what one of every token gives', async (name) => {
  const folder = join(GOLDEN, name);
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
  const options = { folder, config, tensors: await storedIn(folder), registry };
  const short = await graphOverFiles(options);
  const whole = await graphOverFiles({ ...options, outputs: 'hidden-states' });
  const [some, all] = [await logitsOf(short), await logitsOf(whole)];
  for (const [index, logit] of some.entries()) expect(logit).toBeCloseTo(all[index] as number, 5);
  expect(all).toHaveLength(some.length);
  expect(Buffer.from(short.model).toString('latin1')).not.toContain('hidden_states');
});

test('what the labels are for does not change the graph', async () => {
  const config = JSON.parse(await readFile(join(BERT, 'config.json'), 'utf8')) as Record<string, unknown>;
  const tensors = await storedIn(BERT);
  const plain = buildGraph({ config, tensors, registry });
  for (const problem_type of ['single_label_classification', 'multi_label_classification', 'regression']) {
    expect(buildGraph({ config: { ...config, problem_type }, tensors, registry })).toEqual(plain);
  }
});

async function storedIn(folder: string) {
  return (await readCheckpoint(await folderSource(folder))).tensors;
}

/** Logits for two short sequences, the second of them padded. */
async function logitsOf(graph: {
  model: Uint8Array;
  sessionOptions: Readonly<Record<string, unknown>>;
}): Promise<number[]> {
  const dimensions = [2, 4];
  const [outputs] = await runGraph({
    ...graph,
    feeds: [
      {
        input_ids: { data: BigInt64Array.of(2n, 5n, 9n, 3n, 2n, 7n, 3n, 1n), dimensions },
        attention_mask: { data: BigInt64Array.of(1n, 1n, 1n, 1n, 1n, 1n, 1n, 0n), dimensions },
        token_type_ids: { data: BigInt64Array.of(0n, 0n, 1n, 1n, 0n, 0n, 0n, 0n), dimensions },
      },
    ],
  });
  const logits = [...(outputs?.logits?.data ?? [])].map(Number);
  expect(logits.length).toBeGreaterThan(0);
  return logits;
}
