import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openScratchWeights } from './scratch-weights.ts';

let disk: string;
beforeAll(async () => {
  disk = await mkdtemp(join(tmpdir(), 'hubfuse-scratch-'));
});
afterAll(() => rm(disk, { recursive: true, force: true }));

test('a candidate beyond the memory that the user allows goes to the disk and counts nothing', async () => {
  const scratch = await openScratchWeights({ bytes: 2000, memory: 1999, disk });
  expect(scratch.folder.startsWith(disk)).toBe(true);
  expect(scratch).toMatchObject({ kind: 'disk', memory: 0 });
  await scratch.remove();
});

test('a folder that is no memory file system is never taken for one', async () => {
  const scratch = await openScratchWeights({ bytes: 2000, memory: 1e9, tmpfs: join(disk, 'absent'), disk });
  expect(scratch.kind).toBe('disk');
  await scratch.remove();
});

test.skipIf(!existsSync('/dev/shm'))('a candidate that fits goes to memory and is counted', async () => {
  const scratch = await openScratchWeights({ bytes: 2000, memory: 2000, disk });
  expect(scratch).toMatchObject({ kind: 'tmpfs', memory: 2000 });
  await writeFile(join(scratch.folder, 'model.safetensors'), new Uint8Array(2000));
  await scratch.remove();
  expect(existsSync(scratch.folder)).toBe(false);
});

test('a candidate larger than any file system is refused with what is free', async () => {
  const opening = openScratchWeights({ bytes: 2 ** 60, memory: 2 ** 61, disk });
  await expect(opening).rejects.toMatchObject({ code: 'graph/no-scratch-space', where: disk });
});
