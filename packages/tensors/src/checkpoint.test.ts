import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelSource } from '@hubfuse/plugin';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCheckpoint } from './checkpoint.ts';
import { folderSource } from './folder-source.ts';
import { type TensorData, writeSafetensors } from './safetensors-file.ts';
import { planShards } from './shards.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const tensor = (...values: number[]): TensorData => ({
  dtype: 'F32',
  shape: [values.length],
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const file = (name: string) => join(folder, name);
const read = async () => readCheckpoint(await folderSource(folder));

/** Two shards, a in the first and b and c in the second; `change` edits the index before it is written. */
async function writeSharded(change: (index: { weight_map: Record<string, string> }) => void = () => {}) {
  const tensors = new Map([
    ['a', tensor(1, 2)],
    ['b', tensor(3)],
    ['c', tensor(4)],
  ]);
  const { shards, index } = planShards(
    [...tensors].map(([name, value]) => ({ name, ...value })),
    8,
  );
  for (const shard of shards) {
    await writeSafetensors(file(shard.file), new Map(shard.tensors.map((part) => [part.name, part])), { format: 'pt' });
  }
  const parsed = JSON.parse(index ?? '{}') as { weight_map: Record<string, string> };
  change(parsed);
  await writeFile(file('model.safetensors.index.json'), JSON.stringify(parsed));
}

test('one file gives its tensors with their absolute positions', async () => {
  await writeSafetensors(file('model.safetensors'), new Map([['a', tensor(1, 2)]]), { format: 'pt' });
  const checkpoint = await read();
  const a = checkpoint.tensors.get('a');
  expect(a).toMatchObject({ file: 'model.safetensors', dtype: 'F32', shape: [2], bytes: 8 });
  const bytes = await checkpoint.source.read('model.safetensors', { start: a?.offset ?? 0 });
  expect([...new Float32Array(bytes.slice().buffer)]).toEqual([1, 2]);
  expect(checkpoint.metadata).toEqual({ format: 'pt' });
});

test('shards give the tensors of all files', async () => {
  await writeSharded();
  const { tensors, files } = await read();
  expect([...tensors.values()].map(({ name, file: home }) => [name, home])).toEqual([
    ['a', 'model-00001-of-00002.safetensors'],
    ['b', 'model-00002-of-00002.safetensors'],
    ['c', 'model-00002-of-00002.safetensors'],
  ]);
  expect(files).toHaveLength(2);
});

test('model.safetensors is preferred to shards, adapters and other safetensors files', async () => {
  await writeSharded();
  await writeSafetensors(file('adapter_model.safetensors'), new Map([['lora', tensor(0)]]));
  await writeSafetensors(file('consolidated.safetensors'), new Map([['other', tensor(0)]]));
  await writeSafetensors(file('model.safetensors'), new Map([['whole', tensor(9)]]));
  expect([...(await read()).tensors.keys()]).toEqual(['whole']);
});

test('only headers are read, and one read is enough for a usual header', async () => {
  const values = Array.from({ length: 100_000 }, () => 1);
  await writeSafetensors(file('model.safetensors'), new Map([['a', tensor(...values)]]));
  const source = await folderSource(folder);
  const reads: (number | undefined)[][] = [];
  const watched: ModelSource = {
    ...source,
    read: (path, range) => {
      reads.push([range?.start, range?.end]);
      return source.read(path, range);
    },
  };
  await readCheckpoint(watched);
  expect(reads).toEqual([[0, 65536]]);
});

test('a header longer than the first read is read to its end', async () => {
  const names = Array.from({ length: 3000 }, (_, i) => `layer.${i}.a.rather.long.name.of.a.tensor`);
  await writeSafetensors(file('model.safetensors'), new Map(names.map((name) => [name, tensor(1)])));
  expect((await read()).tensors.size).toBe(3000);
});

test.each<[string, (map: Record<string, string>) => void, RegExp]>([
  [
    'names a missing file',
    (map) => Object.assign(map, { a: 'model-9.safetensors' }),
    /tensor "a" in "model-9.safetensors", which is missing/,
  ],
  ['leaves the folder', (map) => Object.assign(map, { a: '../model.safetensors' }), /which is missing/],
  ['names a file that holds no tensors', (map) => Object.assign(map, { a: 'model.safetensors.index.json' }), /missing/],
  [
    'places a tensor in the wrong shard',
    (map) => Object.assign(map, { b: map.a }),
    /places tensor "b" in model-00001.* but model-00002.* holds it/,
  ],
  [
    'names a tensor that no shard holds',
    (map) => Object.assign(map, { d: map.a }),
    /tensor "d" in model-00001.* which does not hold it/,
  ],
  ['leaves out a tensor', (map) => delete map.b, /does not name tensor "b", which model-00002/],
  ['leaves out a shard', (map) => delete map.a, /names no tensor of the shard model-00001/],
])('an index that %s is refused', async (_, change, message) => {
  await writeSharded(({ weight_map }) => {
    change(weight_map);
  });
  await expect(read()).rejects.toMatchObject({ code: 'tensors/index', summary: expect.stringMatching(message) });
});

test.each([
  ['is not JSON', '{', /must be a string/],
  ['has no weight_map', '{"metadata":{"a":[1,{"b":null}]}}', /no weight_map/],
  ['names a tensor twice', '{"weight_map":{"a":"x","a":"y"}}', /the key "a" twice/],
  ['places a tensor in a number', '{"weight_map":{"a":1}}', /file of tensor "a" must be a string/],
  ['is nested without end', `{"metadata":${'['.repeat(5000)}`, /nested more than 32/],
])('an index that %s is refused', async (_, text, message) => {
  await writeFile(file('model.safetensors.index.json'), text);
  await expect(read()).rejects.toMatchObject({ code: 'tensors/index', summary: expect.stringMatching(message) });
});

test('a damaged header is an error that names model, file and tensor', async () => {
  const json = '{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}';
  const bytes = new Uint8Array(8 + json.length + 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(new TextEncoder().encode(json), 8);
  await writeFile(file('model.safetensors'), bytes);
  await expect(read()).rejects.toMatchObject({
    code: 'tensors/size',
    where: `${folder}/model.safetensors`,
    summary: expect.stringContaining('"a"'),
  });
});

test('models without safetensors weights each get their own reason', async () => {
  await expect(read()).rejects.toMatchObject({ code: 'tensors/no-weights' });
  await writeFile(file('adapter_model.safetensors'), '');
  await expect(read()).rejects.toMatchObject({ code: 'tensors/adapter-only' });
  await writeFile(file('pytorch_model.bin'), '');
  await expect(read()).rejects.toMatchObject({ code: 'tensors/pickle-only' });
});

test('a folder lists files below it with links followed and the files of tools left out', async () => {
  await mkdir(file('onnx'));
  await mkdir(file('.git'));
  await writeFile(file('.gitattributes'), '');
  await writeFile(file('.git/config'), 'x');
  await writeFile(file('onnx/model.onnx'), 'four');
  await symlink(file('onnx/model.onnx'), file('link.onnx'));
  await symlink(file('nowhere'), file('dangling'));
  const source = await folderSource(folder);
  expect(source.files).toEqual([
    { path: '.gitattributes', size: 0 },
    { path: 'link.onnx', size: 4 },
    { path: 'onnx/model.onnx', size: 4 },
  ]);
  expect(new TextDecoder().decode(await source.read('onnx/model.onnx', { start: 1, end: 99 }))).toBe('our');
  await expect(folderSource(file('nowhere'))).rejects.toMatchObject({ code: 'tensors/no-folder' });
});
