import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256OfFile } from './hash-file.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-hash-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

// 4 MiB is read at a time.
test.each([0, 1, 4 << 20, (4 << 20) + 1, (9 << 20) + 7])(
  'a file of %i bytes has the checksum of its bytes',
  async (size) => {
    const bytes = randomBytes(size);
    const path = join(folder, String(size));
    await writeFile(path, bytes);
    expect(await sha256OfFile(path)).toBe(createHash('sha256').update(bytes).digest('hex'));
  },
);

test('hashing ends with the signal', async () => {
  const path = join(folder, 'aborted');
  await writeFile(path, randomBytes(100));
  await expect(sha256OfFile(path, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
});
