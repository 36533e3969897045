import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withScratchFolder } from './scratch-folder.ts';

let workspace: string;
beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'hubfuse-scratch-'));
});
afterEach(() => rm(workspace, { recursive: true, force: true }));
const left = () => readdir(join(workspace, 'scratch'));

test('a scratch folder is there while it is used and gone afterwards, also after a failure', async () => {
  await withScratchFolder(workspace, async (folder) => {
    await writeFile(join(folder, 'x'), '');
    expect(await left()).toEqual([basename(folder)]);
  });
  expect(await left()).toEqual([]);
  await expect(withScratchFolder(workspace, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await left()).toEqual([]);
});

test('what a dead process left is removed, what a living one uses stays', async () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const random = '00000000-0000-4000-8000-000000000000';
  await mkdir(join(workspace, 'scratch', `work.${dead}.${random}`), { recursive: true });
  await mkdir(join(workspace, 'scratch', `work.${process.ppid}.${random}`));
  await mkdir(join(workspace, 'scratch', 'of-a-run'));
  await withScratchFolder(workspace, async () => undefined);
  expect((await left()).sort()).toEqual(['of-a-run', `work.${process.ppid}.${random}`]);
});
