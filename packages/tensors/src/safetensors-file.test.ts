import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { randomNumbers } from '../../../tests/random-numbers.ts';
import { DTYPES } from './dtype.ts';
import { encodeHeader, tensorBytes } from './encode-header.ts';
import { readSafetensors, type TensorData, writeSafetensors, writeWhole } from './safetensors-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-tensors-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function randomTensors(seed: number): Map<string, TensorData> {
  const random = randomNumbers(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const names = ['a', 'b.weight', 'Ω', '"', '\\', 'constructor', '__proto__', 'with space', '\n', '🤗'];
  const count = below(names.length + 1);
  return new Map(
    names.slice(0, count).map((name) => {
      const dtype = DTYPES[below(DTYPES.length)] ?? 'F32';
      const shape = Array.from({ length: below(4) }, () => below(4));
      const data = Uint8Array.from({ length: tensorBytes({ dtype, shape }) }, () => below(256));
      return [name, { dtype, shape, data }];
    }),
  );
}

test('whatever is written is read back: 200 random files of all dtypes, ranks and names', async () => {
  const path = join(folder, 'model.safetensors');
  for (let seed = 0; seed < 200; seed++) {
    const tensors = randomTensors(seed);
    const metadata: Record<string, string> = seed % 2 === 0 ? {} : { format: 'pt', seed: String(seed) };
    await writeSafetensors(path, tensors, metadata);
    const read = await readSafetensors(path);
    expect(read.metadata).toEqual(metadata);
    const plain = (all: ReadonlyMap<string, TensorData>) =>
      [...all].map(([name, { dtype, shape, data }]) => [name, dtype, shape, [...data]]).sort();
    expect(plain(read.tensors)).toEqual(plain(tensors));
  }
});

test('the same tensors give the same bytes', async () => {
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  await writeSafetensors(one, randomTensors(7), { format: 'pt' });
  await writeSafetensors(two, randomTensors(7), { format: 'pt' });
  expect(await readFile(one)).toEqual(await readFile(two));
});

test('wide elements come first, so that PyTorch can view every tensor where it lies', async () => {
  const path = join(folder, 'model.safetensors');
  const tensor = (dtype: TensorData['dtype'], bytes: number) => ({ dtype, shape: [1], data: new Uint8Array(bytes) });
  await writeSafetensors(
    path,
    new Map([
      ['flag', tensor('BOOL', 1)],
      ['value', tensor('F32', 4)],
      ['id', tensor('I64', 8)],
    ]),
  );
  expect([...(await readSafetensors(path)).tensors.keys()]).toEqual(['id', 'value', 'flag']);
  const misaligned = [
    { name: 'flag', dtype: 'BOOL' as const, shape: [1] },
    { name: 'value', dtype: 'F32' as const, shape: [1] },
  ];
  expect(() => encodeHeader({ tensors: misaligned })).toThrow(/"value" of F32 would begin at byte 1/);
});

test('data of another length than dtype and shape say is refused before anything is written', async () => {
  const path = join(folder, 'model.safetensors');
  const tensors = new Map([['a', { dtype: 'F32' as const, shape: [2], data: new Uint8Array(7) }]]);
  await expect(writeSafetensors(path, tensors)).rejects.toThrow(/"a" is F32 \[2\], 8 bytes, but has 7 bytes/);
  expect(await readdir(folder)).toEqual([]);
});

test('unusable and repeated names are refused', () => {
  const a = { name: 'a', dtype: 'U8' as const, shape: [1] };
  expect(() => encodeHeader({ tensors: [a, a] })).toThrow(/"a" is twice in one file/);
  expect(() => encodeHeader({ tensors: [{ ...a, name: '__metadata__' }] })).toThrow(/not usable/);
  expect(() => encodeHeader({ tensors: [{ ...a, name: '' }] })).toThrow(/not usable/);
});

test('a failure while writing leaves neither the final name nor a temporary file', async () => {
  const path = join(folder, 'model.safetensors');
  await writeFile(path, 'before');
  const failing = writeWhole(path, async (handle) => {
    await handle.writeFile('half');
    throw new Error('disk full');
  });
  await expect(failing).rejects.toThrow('disk full');
  expect(await readdir(folder)).toEqual(['model.safetensors']);
  expect(await readFile(path, 'utf8')).toBe('before');
});

test('a missing file is an error that names it', async () => {
  const path = join(folder, 'nothing.safetensors');
  await expect(readSafetensors(path)).rejects.toMatchObject({ code: 'tensors/unreadable', where: path });
});
