import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkGraph, type GraphCheck, registerArchitectures } from '@hubfuse/graphs';
import { Registry } from '@hubfuse/plugin';
import { readSafetensors, type TensorData, toFloat32, writeSafetensors } from '@hubfuse/tensors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const BERT = join(import.meta.dirname, 'golden', 'architectures', 'bert-sequence-classification');
const registry = new Registry();
let scratch: string;

beforeAll(async () => {
  await registerArchitectures(registry);
  scratch = await mkdtemp(join(tmpdir(), 'hubfuse-check-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

type Change = (values: Float32Array, tensor: TensorData) => void;

/** A copy of the golden folder in which some float tensors of one file were changed in place. */
async function changed(name: string, file: string, changes: Readonly<Record<string, Change>>): Promise<string> {
  const folder = join(scratch, name);
  await cp(BERT, folder, { recursive: true });
  const path = join(folder, file);
  const tensors = new Map((await readSafetensors(path)).tensors);
  for (const [key, change] of Object.entries(changes)) {
    const tensor = tensors.get(key);
    if (tensor === undefined) throw new Error(`there is no ${key}`);
    const values = toFloat32(tensor.data, tensor.dtype);
    change(values, tensor);
    tensors.set(key, { ...tensor, data: new Uint8Array(values.buffer) });
  }
  await writeSafetensors(path, tensors);
  return folder;
}

const beyond = (check: GraphCheck): string[] =>
  check.differences.filter(({ within }) => !within).map(({ case: name, output }) => `${name} ${output}`);

test('every output and hidden state of both cases is compared', async () => {
  const { differences, passed } = await checkGraph({ folder: BERT, registry });
  expect(differences.map(({ case: name, output }) => `${name} ${output}`).sort()).toEqual(
    ['batch', 'single'].flatMap((name) => [0, 1, 2].map((i) => `${name} hidden.${i}`).concat(`${name} output.logits`)),
  );
  expect(passed).toBe(true);
});

test.each(['disabled', 'basic', 'extended', 'all'] as const)(
  'the graph is right at optimisation level %s',
  async (level) => {
    expect(await checkGraph({ folder: BERT, registry, optimization: level })).toMatchObject({ passed: true });
  },
);

test('a wrong weight of the second layer shows in what follows it and not before', async () => {
  const folder = await changed('weight', 'model.safetensors', {
    'bert.encoder.layer.1.output.dense.bias': (values) => values.fill(0),
  });
  const check = await checkGraph({ folder, registry });
  expect(check.passed).toBe(false);
  expect(beyond(check).sort()).toEqual([
    'batch hidden.2',
    'batch output.logits',
    'single hidden.2',
    'single output.logits',
  ]);
});

test('a difference is reported with its size and place', async () => {
  const folder = await changed('place', 'io.safetensors', {
    'output.logits': (values) => {
      values[7] = (values[7] ?? 0) + 0.5;
    },
  });
  const { differences } = await checkGraph({ folder, registry });
  const [worst] = differences.filter(({ within }) => !within);
  expect(worst).toMatchObject({ case: 'batch', output: 'output.logits', at: [1, 2] });
  expect(worst?.largest).toBeCloseTo(0.5, 4);
});

describe('padding', () => {
  const atPosition =
    (row: number, column: number): Change =>
    (values, { shape: [, length = 0, width = 0] }) => {
      values[(row * length + column) * width] = 1e6;
    };

  test('what stands at masked positions is not compared', async () => {
    const { tensors } = await readSafetensors(join(BERT, 'io.safetensors'));
    const [rows = 0, length = 0] = tensors.get('hidden.2')?.shape ?? [];
    const folder = await changed('masked', 'io.safetensors', { 'hidden.2': atPosition(rows - 1, length - 1) });
    expect((await checkGraph({ folder, registry })).passed).toBe(true);
  });

  test('what stands at a token is', async () => {
    const folder = await changed('token', 'io.safetensors', { 'hidden.2': atPosition(1, 0) });
    const [worst] = (await checkGraph({ folder, registry })).differences.filter(({ within }) => !within);
    expect(worst).toMatchObject({ output: 'hidden.2', at: [1, 0, 0] });
  });
});

test('not a number is beyond every tolerance', async () => {
  const folder = await changed('nan', 'model.safetensors', {
    'classifier.bias': (values) => values.fill(Number.NaN),
  });
  const check = await checkGraph({ folder, registry, tolerance: Number.MAX_VALUE });
  expect(check.passed).toBe(false);
  expect(beyond(check)).toEqual(expect.arrayContaining(['batch output.logits', 'single output.logits']));
});

test('a stricter tolerance is kept', async () => {
  expect(await checkGraph({ folder: BERT, registry, tolerance: 1e-9 })).toMatchObject({
    passed: false,
    tolerance: 1e-9,
  });
});

test('an expected output that the graph does not have is an error, not a pass', async () => {
  const folder = join(scratch, 'missing-output');
  await cp(BERT, folder, { recursive: true });
  const { tensors } = await readSafetensors(join(folder, 'io.safetensors'));
  const logits = tensors.get('output.logits') as TensorData;
  await writeSafetensors(join(folder, 'io.safetensors'), new Map([...tensors, ['output.embeddings', logits]]));
  await expect(checkGraph({ folder, registry })).rejects.toMatchObject({ code: 'graph/missing-output' });
});

test('a folder without expected outputs is an error, not a pass', async () => {
  const folder = join(scratch, 'nothing');
  await cp(BERT, folder, { recursive: true });
  const { tensors } = await readSafetensors(join(folder, 'io.safetensors'));
  const inputs = [...tensors].filter(([name]) => name.includes('input.'));
  await writeSafetensors(join(folder, 'io.safetensors'), new Map(inputs));
  await expect(checkGraph({ folder, registry })).rejects.toThrow('nothing to compare with');
  await rm(join(folder, 'io.safetensors'));
  await expect(checkGraph({ folder, registry })).rejects.toMatchObject({ code: 'graph/reference-case' });
});
