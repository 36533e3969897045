import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportOnnx, registerArchitectures } from '@hubfuse/graphs';
import { type ModelSource, Registry } from '@hubfuse/plugin';
import { folderSource, readSafetensors, writeSafetensors } from '@hubfuse/tensors';
import { AutoModelForSequenceClassification, AutoTokenizer, pipeline, type Tensor } from '@huggingface/transformers';
import { afterAll, beforeAll, expect, test } from 'vitest';

const GOLDEN = join(import.meta.dirname, 'golden', 'architectures');
const FOLDER = join(GOLDEN, 'bert-tokenizer-sequence-classification');
const registry = new Registry();
let scratch: string;

beforeAll(async () => {
  await registerArchitectures(registry);
  scratch = await mkdtemp(join(tmpdir(), 'hubfuse-export-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

interface TokenizerExample {
  text: string;
  text_pair?: string;
  input_ids: number[];
  logits: number[];
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8')) as T;
}

async function readExamples(folder: string): Promise<TokenizerExample[]> {
  const { examples } = await readJson<{ examples: TokenizerExample[] }>(join(folder, 'examples.json'));
  expect(examples.length).toBeGreaterThan(0);
  return examples;
}

async function modelFolder(name: string, from = FOLDER): Promise<string> {
  const folder = join(scratch, name);
  await cp(from, folder, { recursive: true });
  return folder;
}

async function compareWithExamples(folder: string): Promise<void> {
  const options = { local_files_only: true, dtype: 'fp32' } as const;
  const tokenizer = await AutoTokenizer.from_pretrained(folder, options);
  const model = await AutoModelForSequenceClassification.from_pretrained(folder, options);
  for (const { text, text_pair, logits } of await readExamples(folder)) {
    const output = (await model(tokenizer(text, text_pair === undefined ? {} : { text_pair }))) as { logits: Tensor };
    const actual = [...(output.logits.data as Float32Array)];
    expect(Math.max(...actual.map((value, index) => Math.abs(value - (logits[index] ?? Number.NaN))))).toBeLessThan(
      1e-4,
    );
  }
  await model.dispose();
}

test('an exported model loads in an unmodified transformers.js pipeline and gives its labels', async () => {
  const folder = await modelFolder('pipeline');
  await exportOnnx({ source: await folderSource(folder), out: folder, registry });
  const classify = await pipeline('text-classification', folder, { local_files_only: true });
  const config = await readJson<{ id2label: Record<string, string> }>(join(folder, 'config.json'));
  for (const { text, logits } of (await readExamples(folder)).filter(({ text_pair }) => text_pair === undefined)) {
    const [answer] = (await classify(text)) as { label: string }[];
    expect(answer?.label).toBe(config.id2label[logits.indexOf(Math.max(...logits))]);
  }
  await classify.dispose();
});

test('an exported model gives the logits that PyTorch gives, pairs of texts included', async () => {
  const folder = await modelFolder('inline');
  const { files } = await exportOnnx({ source: await folderSource(folder), out: folder, registry });
  expect(files.map(({ path }) => path)).toEqual(['onnx/model.onnx']);
  await compareWithExamples(folder);
});

test('weights beyond the limit go into data files that transformers.js finds through config.json', async () => {
  const folder = await modelFolder('external');
  const source = await folderSource(folder);
  const { files } = await exportOnnx({ source, out: folder, registry, inlineLimit: 1000, dataFileLimit: 100_000 });
  expect(files.map(({ path }) => path)).toEqual([
    'onnx/model.onnx_data',
    'onnx/model.onnx_data_1',
    'onnx/model.onnx_data_2',
    'onnx/model.onnx',
  ]);
  const config = await readJson<Record<string, unknown>>(join(folder, 'config.json'));
  expect(config['transformers.js_config']).toEqual({ use_external_data_format: { 'model.onnx': 3 } });
  await compareWithExamples(folder);
});

test('sizes and hashes of the exported files are those on the disk, and nothing else stands beside them', async () => {
  const folder = await modelFolder('hashes');
  const source = await folderSource(folder);
  const { files } = await exportOnnx({ source, out: folder, registry, inlineLimit: 1000 });
  for (const { path, size, sha256 } of files) {
    const bytes = await readFile(join(folder, path));
    expect(bytes.length).toBe(size);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
  }
  const second = await exportOnnx({ source, out: folder, registry });
  expect(await readdir(join(folder, 'onnx'))).toEqual(['model.onnx']);
  expect((await readFile(join(folder, 'onnx/model.onnx'))).length).toBe(second.files[0]?.size);
});

test('a file is read and written in blocks, and nothing stands under its name after a failure', async () => {
  const folder = await modelFolder('blocks');
  const rows = 60_000;
  const path = join(folder, 'model.safetensors');
  const tensors = new Map((await readSafetensors(path)).tensors);
  const words = 'bert.embeddings.word_embeddings.weight';
  const [, width = 0] = tensors.get(words)?.shape ?? [];
  tensors.set(words, { dtype: 'BF16', shape: [rows, width], data: new Uint8Array(rows * width * 2).fill(63) });
  await writeSafetensors(path, tensors);
  const config = await readJson<Record<string, unknown>>(join(folder, 'config.json'));
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, vocab_size: rows }));

  const source = await folderSource(folder);
  let [largest, total] = [0, 0];
  const counted: ModelSource = {
    ...source,
    read: async (file, range) => {
      const bytes = await source.read(file, range);
      largest = Math.max(largest, bytes.length);
      total += bytes.length;
      return bytes;
    },
  };
  const cut: ModelSource = {
    ...counted,
    read: async (file, range) => {
      if (total > 2_000_000) throw new Error('the disk is gone');
      return counted.read(file, range);
    },
  };
  await expect(exportOnnx({ source: cut, out: folder, registry })).rejects.toThrow('the disk is gone');
  expect(await readdir(join(folder, 'onnx'))).toEqual([]);

  const { files } = await exportOnnx({ source: counted, out: folder, registry });
  expect(files[0]?.size).toBeGreaterThan(rows * width * 4);
  expect(largest).toBeLessThanOrEqual(8 * 1024 * 1024);
});

test('an export that is cancelled stops and leaves nothing under its name', async () => {
  const folder = await modelFolder('cancelled');
  const source = await folderSource(folder);
  const signal = AbortSignal.abort(new Error('not wanted any more'));
  await expect(exportOnnx({ source, out: folder, registry, signal })).rejects.toThrow('not wanted any more');
  expect(await readdir(join(folder, 'onnx'))).toEqual([]);
});

test('an exported model loads in the WebAssembly runtime that browsers use', async () => {
  const folder = await modelFolder('browser');
  await exportOnnx({ source: await folderSource(folder), out: folder, registry });
  // transformers.js brings the runtime along; it is no dependency of ours.
  const beside = createRequire(import.meta.resolve('@huggingface/transformers'));
  const ort = beside('onnxruntime-web') as typeof import('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(await readFile(join(folder, 'onnx', 'model.onnx')), {
    executionProviders: ['wasm'],
  });
  expect(session.inputNames).toEqual(['input_ids', 'attention_mask', 'token_type_ids']);
  const [example] = await readExamples(folder);
  const ids = (example?.input_ids ?? []).map(BigInt);
  const tensor = (values: bigint[]) => new ort.Tensor('int64', BigInt64Array.from(values), [1, values.length]);
  const { logits } = await session.run({
    input_ids: tensor(ids),
    attention_mask: tensor(ids.map(() => 1n)),
    token_type_ids: tensor(ids.map(() => 0n)),
  });
  const actual = [...((logits?.data ?? []) as Float32Array)];
  const expected = example?.logits ?? [];
  expect(actual).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(actual[index]).toBeCloseTo(value, 4);
  await session.release();
});
