import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkFinalFolder, type ModelFolder, modelFolder, takeFinalName } from './model-folder.ts';

let parent: string;
let folder: ModelFolder;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'hubfuse-out-'));
  folder = modelFolder({ id: 'run-1', options: { out: join(parent, 'merged') } }, '/nowhere');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

async function make(path: string, files: Record<string, string>): Promise<void> {
  await mkdir(path, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
}
const weights = () => readFile(join(folder.final, 'model.safetensors'), 'utf8');

test('a finished folder takes the final name and leaves nothing beside it', async () => {
  await make(folder.temporary, { 'model.safetensors': 'new' });
  await takeFinalName(folder);
  expect(await weights()).toBe('new');
  expect(await readdir(parent)).toEqual(['merged']);
});

test('an earlier model of hubfuse is replaced', async () => {
  await make(folder.final, { 'model.safetensors': 'old', 'hubfuse.json': '{}' });
  await make(folder.temporary, { 'model.safetensors': 'new' });
  await takeFinalName(folder);
  expect(await weights()).toBe('new');
  expect(await readdir(parent)).toEqual(['merged']);
});

test('a kill while the earlier model makes room is mended by doing it again', async () => {
  await make(folder.final, { 'model.safetensors': 'old', 'hubfuse.json': '{}' });
  await make(folder.temporary, { 'model.safetensors': 'new' });
  await rename(folder.final, folder.replaced);
  await takeFinalName(folder);
  await takeFinalName(folder);
  expect(await weights()).toBe('new');
  expect(existsSync(folder.replaced)).toBe(false);
});

test("somebody's files are neither taken nor replaced", async () => {
  await make(folder.final, { 'thesis.txt': 'precious' });
  await make(folder.temporary, { 'model.safetensors': 'new' });
  const refused = { code: 'run/out-not-ours', where: folder.final };
  await expect(checkFinalFolder(folder.final, [])).rejects.toMatchObject(refused);
  await expect(takeFinalName(folder)).rejects.toMatchObject(refused);
  expect(await readdir(folder.final)).toEqual(['thesis.txt']);
});

test('a file where the folder should be is refused', async () => {
  await writeFile(folder.final, '');
  await expect(checkFinalFolder(folder.final, [])).rejects.toMatchObject({ code: 'run/out-not-ours' });
});

test('an absent folder, an empty one and one of hubfuse are free to take', async () => {
  await checkFinalFolder(folder.final, []);
  await make(folder.final, {});
  await checkFinalFolder(folder.final, []);
  await make(folder.final, { 'hubfuse.json': '{}' });
  await checkFinalFolder(folder.final, []);
});

test('an input cannot be the output', async () => {
  await make(folder.final, { 'hubfuse.json': '{}' });
  await expect(checkFinalFolder(folder.final, [folder.final])).rejects.toMatchObject({ code: 'run/out-is-input' });
});
