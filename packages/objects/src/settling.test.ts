import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { QuickLooks } from './quick-looks.ts';
import { Settling } from './settling.ts';
import { SmallFiles } from './small-files.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-settling-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('a young file settles once it was seen the same for a while, and not where times are coarse', async () => {
  const path = join(folder, 'young');
  await writeFile(path, 'x');
  const facts = { ...(await stat(path, { bigint: true })), mtimeMs: BigInt(Date.now()), ctimeMs: BigInt(Date.now()) };
  const [fine, coarse] = [
    { ...facts, ctimeNs: 1_234_567n },
    { ...facts, ctimeNs: 1_000_000n },
  ].map((stats) => Object.assign(Object.create(null), stats));
  const settling = new Settling();
  expect(settling.isYoung('fine')).toBe(false);
  expect(settling.isSettled('fine', fine)).toBe(false);
  expect(settling.isSettled('coarse', coarse)).toBe(false);
  expect(settling.isYoung('fine')).toBe(true);
  await wait(120);
  expect(settling.isSettled('fine', fine)).toBe(true);
  expect(settling.isSettled('coarse', coarse)).toBe(false);
  expect(settling.isSettled('fine', { ...fine, size: 2n })).toBe(false);
});

test('a file that is replaced again and again is read as it is at every moment', async () => {
  const path = join(folder, 'replaced');
  const files = new SmallFiles(new QuickLooks());
  for (let round = 0; round < 300; round++) {
    const text = String(round % 7);
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
    // Now and then it stands for long enough to be remembered.
    if (round % 100 === 99) {
      await files.read(path);
      await wait(120);
      await files.read(path);
    }
    expect((await files.read(path)).body.toString()).toBe(text);
  }
  await rm(path);
  await expect(files.read(path)).rejects.toMatchObject({ code: 'ENOENT' });
});
