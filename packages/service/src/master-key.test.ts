import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseMasterKey, readMasterKey } from './master-key.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-master-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('the file is made once, whoever is first, and its owner alone may read it', async () => {
  const path = join(folder, 'private', 'master-key');
  const keys = await Promise.all(Array.from({ length: 8 }, () => readMasterKey(path)));
  expect(new Set(keys.map((key) => key.digest('test', 'text'))).size).toBe(1);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(parseMasterKey(await readFile(path, 'utf8')).digest('test', 'text')).toBe(keys[0]?.digest('test', 'text'));
});

test('a file that others may read is refused', async () => {
  const path = join(folder, 'master-key');
  await readMasterKey(path);
  await chmod(path, 0o640);
  await expect(readMasterKey(path)).rejects.toMatchObject({ code: 'service/master-key-open', where: path });
});

test('hexadecimal and base64 are read, all else is refused without being shown', async () => {
  const bytes = Buffer.alloc(32, 9);
  const hex = parseMasterKey(bytes.toString('hex'));
  expect(parseMasterKey(`${bytes.toString('base64')}\n`).digest('a', 'b')).toBe(hex.digest('a', 'b'));
  expect(hex.digest('a', 'b')).not.toBe(hex.digest('c', 'b'));
  expect(JSON.stringify({ hex })).toBe('{"hex":"[master key]"}');
  const path = join(folder, 'master-key');
  await writeFile(path, 'too-short-secret', { mode: 0o600 });
  const error = await readMasterKey(path).catch((failure: unknown) => failure);
  expect(error).toMatchObject({ code: 'service/bad-master-key' });
  expect(String(error)).not.toContain('too-short-secret');
});
