import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkFinalFolder, type ModelFolder, modelFolder, takeFinalName, takeUpPartial } from './model-folder.ts';

let parent: string;
let folder: ModelFolder;
const folderOf = (attempt: number): ModelFolder =>
  modelFolder({ spec: { id: 'run-1', options: { out: join(parent, 'merged') } }, workspace: '/nowhere', attempt });
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'hubfuse-out-'));
  folder = folderOf(3);
});
afterEach(() => rm(parent, { recursive: true, force: true }));

async function make(path: string, files: Record<string, string>): Promise<void> {
  await mkdir(path, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
}
const MANIFEST = JSON.stringify({ outputs: [{ path: 'model.safetensors' }] });
const weights = () => readFile(join(folder.final, 'model.safetensors'), 'utf8');

test('a finished folder takes the final name and leaves nothing beside it', async () => {
  await make(folder.temporary, { 'model.safetensors': 'new' });
  await takeFinalName(folder);
  expect(await weights()).toBe('new');
  expect(await readdir(parent)).toEqual(['merged']);
});

test('an earlier model of hubfuse is replaced', async () => {
  await make(folder.final, { 'model.safetensors': 'old', 'hubfuse.json': MANIFEST });
  await make(folder.temporary, { 'model.safetensors': 'new' });
  await takeFinalName(folder);
  expect(await weights()).toBe('new');
  expect(await readdir(parent)).toEqual(['merged']);
});

test('a kill while the earlier model makes room is mended by doing it again', async () => {
  await make(folder.final, { 'model.safetensors': 'old', 'hubfuse.json': MANIFEST });
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

test('files that somebody put beside an earlier model are named and stay', async () => {
  const earlier = { 'model.safetensors': 'old', 'README.md': 'card', 'hubfuse.json': MANIFEST, '.DS_Store': '' };
  await make(folder.final, earlier);
  await checkFinalFolder(folder.final, []);
  await make(join(folder.final, 'notes'), { 'today.txt': 'precious' });
  await make(folder.temporary, { 'model.safetensors': 'new' });
  const refused = { code: 'run/out-not-ours', message: expect.stringContaining('notes/today.txt') as string };
  await expect(checkFinalFolder(folder.final, [])).rejects.toMatchObject(refused);
  await expect(takeFinalName(folder)).rejects.toMatchObject(refused);
  expect(await weights()).toBe('old');
});

test('a file where the folder should be is refused', async () => {
  await writeFile(folder.final, '');
  await expect(checkFinalFolder(folder.final, [])).rejects.toMatchObject({ code: 'run/out-not-ours' });
  await expect(checkFinalFolder(join(folder.final, 'below'), [])).rejects.toMatchObject({ code: 'run/out-not-ours' });
});

test('an absent folder, an empty one and one of hubfuse are free to take', async () => {
  await checkFinalFolder(folder.final, []);
  await make(folder.final, {});
  await checkFinalFolder(folder.final, []);
  await make(folder.final, { 'hubfuse.json': MANIFEST });
  await checkFinalFolder(folder.final, []);
});

test('an input cannot be the output', async () => {
  await make(folder.final, { 'hubfuse.json': MANIFEST });
  await expect(checkFinalFolder(folder.final, [folder.final])).rejects.toMatchObject({ code: 'run/out-is-input' });
});

test('an execution goes on in the folder of the one before, under a name that the other does not know', async () => {
  const [first, second] = [folderOf(1), folderOf(2)];
  await make(first.temporary, { 'model.safetensors': 'half' });
  await make(folderOf(0).temporary, { 'model.safetensors': 'older' });
  await takeUpPartial(second);
  expect(await readdir(parent)).toEqual([`.merged.run-1.partial-2`]);
  expect(await readFile(join(second.temporary, 'model.safetensors'), 'utf8')).toBe('half');
  await makeOther();
  await takeUpPartial(folderOf(10));
  expect((await readdir(parent)).sort()).toEqual(['.merged.run-1.partial-10', '.merged.run-1b.partial-4']);
});

/** The folder of a run whose id begins like this one's. */
async function makeOther(): Promise<void> {
  await mkdir(join(parent, '.merged.run-1b.partial-4'));
}

test('what an execution before today left is taken up too', async () => {
  await make(join(parent, '.merged.run-1.partial'), { 'model.safetensors': 'half' });
  await takeUpPartial(folder);
  expect(existsSync(join(folder.temporary, 'model.safetensors'))).toBe(true);
});

test('what a process that had lost the run made again goes with the final name', async () => {
  await make(folderOf(1).temporary, { 'model.safetensors': 'late' });
  await make(folder.temporary, { 'model.safetensors': 'new' });
  await takeFinalName(folder);
  expect(await readdir(parent)).toEqual(['merged']);
});

test('a process that has lost the run touches no folder of later executions', async () => {
  await make(folderOf(4).temporary, { 'model.safetensors': 'of the next owner' });
  await takeUpPartial(folder);
  await make(folder.final, { 'model.safetensors': 'old', 'hubfuse.json': MANIFEST });
  await takeFinalName(folder);
  expect(await readFile(join(folderOf(4).temporary, 'model.safetensors'), 'utf8')).toBe('of the next owner');
  expect(await weights()).toBe('old');
});
