import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hubOptionsFromEnvironment } from './environment.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hubfuse-home-'));
});
afterEach(async () => await rm(home, { recursive: true, force: true }));

const from = async (environment: Record<string, string>, options = {}) =>
  await hubOptionsFromEnvironment(options, { environment, home });

async function logIn(token: string, folder = join(home, '.cache', 'huggingface')): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'token'), `${token}\n`);
}

test('nothing set means the public Hub, the usual cache and no token', async () => {
  expect(await from({})).toEqual({
    hubUrl: 'https://huggingface.co',
    cacheDir: join(home, '.cache', 'huggingface', 'hub'),
    offline: false,
  });
});

test('an empty variable counts as unset', async () => {
  await logIn('hf_fromfile');
  const empty = { HF_TOKEN: '', HF_HOME: ' ', HF_HUB_CACHE: '', HF_ENDPOINT: '', HF_HUB_OFFLINE: '' };
  expect(await from(empty)).toMatchObject({
    token: 'hf_fromfile',
    hubUrl: 'https://huggingface.co',
    cacheDir: join(home, '.cache', 'huggingface', 'hub'),
  });
});

test('HF_TOKEN wins over the file of hf auth login, and an option over both', async () => {
  await logIn('hf_fromfile');
  expect((await from({})).token).toBe('hf_fromfile');
  expect(await from({ HF_TOKEN: ' hf_fromvariable\n' })).toMatchObject({
    token: 'hf_fromvariable',
    tokenOrigin: 'HF_TOKEN',
  });
  expect((await from({ HF_TOKEN: 'hf_fromvariable' }, { token: 'hf_option' })).token).toBe('hf_option');
});

test('HF_HOME moves cache and token file, HF_HUB_CACHE the cache alone', async () => {
  const elsewhere = join(home, 'elsewhere');
  await logIn('hf_elsewhere', elsewhere);
  expect(await from({ HF_HOME: elsewhere })).toMatchObject({
    cacheDir: join(elsewhere, 'hub'),
    token: 'hf_elsewhere',
    tokenOrigin: join(elsewhere, 'token'),
  });
  expect((await from({ HF_HOME: elsewhere, HF_HUB_CACHE: '~/models' })).cacheDir).toBe(join(home, 'models'));
});

test('an implicit token can be switched off as in Python', async () => {
  await logIn('hf_fromfile');
  expect((await from({ HF_HUB_DISABLE_IMPLICIT_TOKEN: '1', HF_TOKEN: 'hf_variable' })).token).toBeUndefined();
});

test('HF_ENDPOINT names another Hub, and what is no address is refused', async () => {
  expect((await from({ HF_ENDPOINT: 'http://localhost:8080/' })).hubUrl).toBe('http://localhost:8080');
  await expect(from({}, { hubUrl: 'localhost:8080' })).rejects.toMatchObject({ code: 'hub/bad-address' });
});

test('a token file that cannot be read is an error, not a missing token', async () => {
  await mkdir(join(home, '.cache', 'huggingface', 'token'), { recursive: true });
  await expect(from({})).rejects.toMatchObject({ code: 'hub/token-file' });
});
