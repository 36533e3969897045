import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listFiles, listModels } from '@huggingface/hub';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { importFolder } from './import-folder.ts';
import { startHubServer } from './server.ts';

let folder: string;
let root: string;
let model: string;
const date = new Date('2026-01-02T03:04:05Z');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-import-'));
  root = join(folder, 'hub');
  model = join(folder, 'model');
  await mkdir(join(model, 'onnx'), { recursive: true });
  await writeFile(join(model, 'config.json'), '{}');
  await writeFile(join(model, 'model.safetensors'), 'weights', { mode: 0o444 });
  await writeFile(join(model, 'onnx', 'model.onnx'), 'graph');
  await writeFile(join(model, '.hidden'), 'not for others');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function served(run: (hubUrl: string) => Promise<void>): Promise<void> {
  const hub = await startHubServer({ folder: root });
  try {
    await run(hub.url);
  } finally {
    await hub.close();
  }
}

async function files(hubUrl: string, repo: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of listFiles({ hubUrl, repo, recursive: true })) {
    if (entry.type === 'file') paths.push(entry.path);
  }
  return paths;
}

test('a folder becomes one commit whose id depends on content, history and date alone', async () => {
  const first = await importFolder({ root, repo: 'ana/model', folder: model, date });
  const second = await importFolder({ root: join(folder, 'other'), repo: 'ana/model', folder: model, date });
  expect(first.commit).toMatch(/^[0-9a-f]{40}$/);
  expect(second).toEqual(first);
  await served(async (hubUrl) => {
    expect(await files(hubUrl, 'ana/model')).toEqual([
      '.gitattributes',
      'config.json',
      'model.safetensors',
      'onnx/model.onnx',
    ]);
    const weights = await fetch(`${hubUrl}/ana/model/resolve/main/model.safetensors`);
    expect(weights.headers.get('x-linked-size')).toBe('7');
    expect(await weights.text()).toBe('weights');
  });
});

test('importing again changes nothing, and after an edit it commits the edit only', async () => {
  const first = await importFolder({ root, repo: 'ana/model', folder: model });
  expect(await importFolder({ root, repo: 'ana/model', folder: model })).toEqual({ ...first, changed: false });
  await rm(join(model, 'onnx'), { recursive: true });
  await writeFile(join(model, 'config.json'), '{"a":1}');
  const second = await importFolder({ root, repo: 'ana/model', folder: model, message: 'Edited' });
  expect(second.changed).toBe(true);
  await served(async (hubUrl) => {
    expect(await files(hubUrl, 'ana/model')).toEqual(['.gitattributes', 'config.json', 'model.safetensors']);
    const old = await fetch(`${hubUrl}/ana/model/resolve/${first.commit}/config.json`);
    expect(await old.text()).toBe('{}');
  });
});

test('an edit of the imported folder does not reach the repository', async () => {
  await importFolder({ root, repo: 'ana/model', folder: model });
  await rm(join(model, 'model.safetensors'));
  await writeFile(join(model, 'onnx', 'model.onnx'), 'other');
  await served(async (hubUrl) => {
    expect(await (await fetch(`${hubUrl}/ana/model/resolve/main/onnx/model.onnx`)).text()).toBe('graph');
    expect(await (await fetch(`${hubUrl}/ana/model/resolve/main/model.safetensors`)).text()).toBe('weights');
  });
});

test('links are followed, as the folders of a Hugging Face cache need it', async () => {
  const linked = join(folder, 'linked');
  await mkdir(linked);
  await symlink(join(model, 'config.json'), join(linked, 'config.json'));
  await importFolder({ root, repo: 'ana/linked', folder: linked });
  await served(async (hubUrl) => {
    expect(await (await fetch(`${hubUrl}/ana/linked/resolve/main/config.json`)).text()).toBe('{}');
  });
});

test('a private import is not shown to strangers', async () => {
  await importFolder({ root, repo: 'ana/secret', folder: model, private: true });
  await served(async (hubUrl) => {
    expect((await fetch(`${hubUrl}/ana/secret/resolve/main/config.json`)).status).toBe(401);
  });
});

test.each([
  ['../escape', 'hub-server/bad-id'],
  ['no-namespace', 'hub-server/bad-id'],
  ['api/models', 'hub-server/bad-id'],
])('the id %s is refused', async (repo, code) => {
  await expect(importFolder({ root, repo, folder: model })).rejects.toMatchObject({ code });
});

test('an empty folder is refused', async () => {
  await mkdir(join(folder, 'empty'));
  const options = { root, repo: 'ana/empty', folder: join(folder, 'empty') };
  await expect(importFolder(options)).rejects.toMatchObject({ code: 'hub-server/nothing-to-import' });
});

test('plain folders of models and data sets are imported at start, once', async () => {
  await cp(model, join(root, 'ana', 'plain'), { recursive: true });
  await cp(model, join(root, 'direct'), { recursive: true });
  await mkdir(join(root, 'datasets', 'ana', 'intents'), { recursive: true });
  await writeFile(join(root, 'datasets', 'ana', 'intents', 'test.jsonl'), '{}\n');
  await mkdir(join(root, 'ana', 'data'));
  await writeFile(join(root, 'ana', 'data', 'dev.csv'), 'text,label\n');
  const first = await startHubServer({ folder: root });
  expect(first.imported).toEqual(['datasets/ana/data', 'ana/plain', 'datasets/ana/intents', 'hub/direct']);
  const models: string[] = [];
  for await (const found of listModels({ hubUrl: first.url })) models.push(found.name);
  expect(models).toEqual(['ana/plain', 'hub/direct']);
  await first.close();
  const second = await startHubServer({ folder: root });
  expect(second.imported).toEqual([]);
  await second.close();
  expect(await readFile(join(root, 'ana', 'plain', 'config.json'), 'utf8')).toBe('{}');
});

test('a folder that cannot be imported is named, and the others are served', async () => {
  await cp(model, join(root, 'ana', 'good'), { recursive: true });
  await cp(model, join(root, 'ana', 'broken'), { recursive: true });
  await symlink('nowhere', join(root, 'ana', 'broken', 'link.json'));
  await mkdir(join(root, 'ana', 'circle'));
  await symlink('.', join(root, 'ana', 'circle', 'again'));
  const notices: string[] = [];
  const hub = await startHubServer({ folder: root, onNotice: (notice) => notices.push(notice) });
  expect(hub.imported).toEqual(['ana/good']);
  await hub.close();
  expect(notices.filter((notice) => notice.includes('was not imported')).length).toBe(2);
  expect(notices.join()).toMatch(/broken\/link\.json: cannot be read/);
});

test('what is imported while a server runs is served at once', async () => {
  await served(async (hubUrl) => {
    expect((await fetch(`${hubUrl}/ana/model/resolve/main/config.json`)).status).toBe(401);
    await importFolder({ root, repo: 'ana/model', folder: model });
    expect((await fetch(`${hubUrl}/ana/model/resolve/main/config.json`)).status).toBe(200);
  });
});

test('a folder whose state another format wrote is refused', async () => {
  await mkdir(join(root, '.hub'), { recursive: true });
  await writeFile(join(root, '.hub', 'format'), '99\n');
  await expect(startHubServer({ folder: root })).rejects.toMatchObject({ code: 'hub-server/format' });
});

test('a folder that is a file is refused with the reason', async () => {
  await writeFile(root, '');
  await expect(startHubServer({ folder: root })).rejects.toMatchObject({ code: 'hub-server/folder' });
});
