import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportOnnx, registerArchitectures } from '@hubfuse/graphs';
import { Registry } from '@hubfuse/plugin';
import { folderSource } from '@hubfuse/tensors';
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
