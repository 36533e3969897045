import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFolder } from './open-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-folder-'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

test('a folder lists its files with sizes, links followed, and reads parts of them', async () => {
  await mkdir(join(folder, 'onnx'));
  await mkdir(join(folder, '.git'));
  await writeFile(join(folder, 'config.json'), '{"a":1}');
  await writeFile(join(folder, '.git', 'HEAD'), 'x');
  await writeFile(join(folder, 'onnx', 'model.onnx'), '0123456789');
  await symlink(join('onnx', 'model.onnx'), join(folder, 'linked'));
  const source = await openFolder(folder);
  expect(source.files).toEqual([
    { path: 'config.json', size: 7 },
    { path: 'linked', size: 10 },
    { path: 'onnx/model.onnx', size: 10 },
  ]);
  expect(source).toMatchObject({ kind: 'folder', folder, reference: folder });
  expect(Buffer.from(await source.read('onnx/model.onnx', { start: 2, end: 5 })).toString()).toBe('234');
  expect(Buffer.from(await source.read('linked', { start: 8 })).toString()).toBe('89');
  expect(await source.read('linked', { start: 10 })).toHaveLength(0);
});

test('what is not there is named, with what was probably meant', async () => {
  await writeFile(join(folder, 'config.json'), '{}');
  const source = await openFolder(folder);
  await expect(source.read('confg.json')).rejects.toThrow(/no file "confg.json"[\s\S]*did you mean config.json/);
  await expect(source.read('config.json', { start: 1, end: 3 })).rejects.toMatchObject({ code: 'hub/bad-range' });
  await expect(openFolder(join(folder, 'none'))).rejects.toMatchObject({ code: 'hub/folder-not-found' });
  await expect(openFolder(join(folder, 'config.json'))).rejects.toMatchObject({ code: 'hub/not-a-folder' });
});
