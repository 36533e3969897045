import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256OfFile } from './hash-file.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-hash-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

// 1 MiB is read at a time, and files of 32 MiB or more by threads of their own.
test.each([0, 1, 1 << 20, (1 << 20) + 1, (9 << 20) + 7, 32 << 20, (33 << 20) + 7])(
  'a file of %i bytes has the checksum of its bytes',
  async (size) => {
    const bytes = randomBytes(size);
    const path = join(folder, String(size));
    await writeFile(path, bytes);
    expect(await sha256OfFile(path)).toBe(createHash('sha256').update(bytes).digest('hex'));
  },
);

test('more large files than there are cores are all hashed, each as itself', async () => {
  const count = availableParallelism() + 2;
  const contents = Array.from({ length: count }, (_, index) => Buffer.alloc(32 << 20, index));
  const paths = contents.map((_, index) => join(folder, `large-${index}`));
  await Promise.all(contents.map((bytes, index) => writeFile(paths[index] as string, bytes)));
  expect(await Promise.all(paths.map((path) => sha256OfFile(path)))).toEqual(
    contents.map((bytes) => createHash('sha256').update(bytes).digest('hex')),
  );
});

test.each([100, 64 << 20])('hashing %i bytes ends with the signal', async (size) => {
  const path = join(folder, `aborted-${size}`);
  await writeFile(path, Buffer.alloc(size));
  await expect(sha256OfFile(path, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  const stop = new AbortController();
  const hashing = sha256OfFile(path, stop.signal);
  stop.abort(new Error('enough'));
  await expect(hashing).rejects.toThrow('enough');
});

test('a file that is not there is told by its code', async () => {
  await expect(sha256OfFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
});
