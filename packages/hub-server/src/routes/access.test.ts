import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRepo, deleteRepo, downloadFile, listFiles, modelInfo, uploadFile } from '@huggingface/hub';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HubServer, startHubServer } from '../server.ts';

let folder: string;
let hub: HubServer;
const notices: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-access-'));
  hub = await startHubServer({
    folder,
    onNotice: (notice) => notices.push(notice),
    tokens: {
      hf_ana: { name: 'ana', orgs: ['lab'] },
      hf_bob: { name: 'bob' },
      hf_reader: { name: 'ana', role: 'read' },
    },
  });
});

afterAll(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

function get(path: string, token?: string, init: RequestInit = {}): Promise<Response> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(hub.url + path, { ...init, headers });
}

async function refusal(response: Promise<Response>): Promise<{ status: number; code: string | null }> {
  const { status, headers } = await response;
  return { status, code: headers.get('x-error-code') };
}

async function newRepo(repo: string, settings: Record<string, unknown> = {}): Promise<void> {
  const at = { hubUrl: hub.url, accessToken: 'hf_ana', repo };
  await createRepo(at);
  await uploadFile({ ...at, file: { path: 'config.json', content: new Blob(['{}']) } });
  if (Object.keys(settings).length === 0) return;
  const body = JSON.stringify(settings);
  expect((await get(`/api/models/${repo}/settings`, 'hf_ana', { method: 'PUT', body })).status).toBe(200);
}

test('a repository that is not there is 401 without a token and 404 with one', async () => {
  expect(await refusal(get('/api/models/ana/absent'))).toEqual({ status: 401, code: 'RepoNotFound' });
  expect(await refusal(get('/api/models/ana/absent', 'hf_bob'))).toEqual({ status: 404, code: 'RepoNotFound' });
});

test('a private repository looks as if it were not there', async () => {
  await newRepo('ana/private', { visibility: 'private' });
  const path = '/ana/private/resolve/main/config.json';
  expect(await refusal(get(path))).toEqual({ status: 401, code: 'RepoNotFound' });
  expect(await refusal(get(path, 'hf_bob'))).toEqual({ status: 404, code: 'RepoNotFound' });
  expect((await get(path, 'hf_reader')).status).toBe(200);
  expect((await get('/ana/private')).status).toBe(401);
});

test('a gated repository shows its files and card, and their content only to who was let in', async () => {
  await newRepo('ana/gated', { gated: 'manual' });
  const path = '/ana/gated/resolve/main/config.json';
  expect(await refusal(get(path))).toEqual({ status: 401, code: 'GatedRepo' });
  expect(await refusal(get(path, 'hf_bob'))).toEqual({ status: 403, code: 'GatedRepo' });
  const info = await modelInfo({ hubUrl: hub.url, name: 'ana/gated' });
  expect(info.gated).toBe('manual');
  expect((await get('/ana/gated/resolve/main/.gitattributes')).status).toBe(200);
  const body = JSON.stringify({ user: 'bob' });
  const grant = '/api/models/ana/gated/user-access-request/grant';
  expect((await get(grant, 'hf_bob', { method: 'POST', body })).status).toBe(403);
  await get(grant, 'hf_ana', { method: 'POST', body });
  expect((await get(path, 'hf_bob')).status).toBe(200);
});

test('a disabled repository is withheld from everybody until it is enabled again', async () => {
  await newRepo('ana/disabled', { disabled: true });
  expect(await refusal(get('/api/models/ana/disabled', 'hf_ana'))).toEqual({ status: 403, code: 'DisabledRepo' });
  const body = JSON.stringify({ disabled: false });
  await get('/api/models/ana/disabled/settings', 'hf_ana', { method: 'PUT', body });
  expect((await get('/api/models/ana/disabled')).status).toBe(200);
});

test('a renamed repository is found under its old name by a redirection, until another takes the name', async () => {
  await newRepo('ana/old');
  const body = JSON.stringify({ fromRepo: 'ana/old', toRepo: 'lab/new', type: 'model' });
  expect((await get('/api/repos/move', 'hf_ana', { method: 'POST', body })).status).toBe(200);
  const moved = await get('/api/models/ana/old/tree/main?recursive=true', undefined, { redirect: 'manual' });
  expect(moved.status).toBe(307);
  expect(moved.headers.get('location')).toBe('/api/models/lab/new/tree/main?recursive=true');
  const blob = await downloadFile({ hubUrl: hub.url, repo: 'ana/old', path: 'config.json' });
  expect(await blob?.text()).toBe('{}');
  await newRepo('ana/old');
  expect((await get('/api/models/ana/old', undefined, { redirect: 'manual' })).status).toBe(200);
  const back = JSON.stringify({ fromRepo: 'lab/new', toRepo: 'ana/old', type: 'model' });
  expect((await get('/api/repos/move', 'hf_ana', { method: 'POST', body: back })).status).toBe(409);
});

test('only who owns a namespace writes in it, and only with a token that may write', async () => {
  await newRepo('lab/model');
  const upload = (accessToken: string) =>
    uploadFile({ hubUrl: hub.url, accessToken, repo: 'lab/model', file: { path: 'x', content: new Blob(['x']) } });
  await expect(upload('hf_bob')).rejects.toMatchObject({ statusCode: 403 });
  await expect(upload('hf_reader')).rejects.toMatchObject({ statusCode: 403 });
  await expect(upload('hf_nobody')).rejects.toMatchObject({ statusCode: 401 });
  await expect(createRepo({ hubUrl: hub.url, accessToken: 'hf_bob', repo: 'lab/other' })).rejects.toMatchObject({
    statusCode: 403,
  });
  await upload('hf_ana');
});

test('an unknown revision and an unknown file each have their code', async () => {
  await newRepo('ana/codes');
  const code = async (path: string) => (await refusal(get(path))).code;
  expect(await code('/ana/codes/resolve/absent/config.json')).toBe('RevisionNotFound');
  expect(await code('/ana/codes/resolve/main/absent.json')).toBe('EntryNotFound');
  expect(await code('/api/models/ana/codes/revision/absent')).toBe('RevisionNotFound');
});

test.each(['..%2f..%2fformat', '%2e%2e/%2e%2e/format', 'a%00b'])(
  'the path %s reaches no file of the server',
  async (path) => {
    const response = await get(`/ana/codes/resolve/main/${path}`);
    expect(response.status).toBe(404);
  },
);

test('a commit cannot put files outside of its repository', async () => {
  for (const path of ['../evil', '/etc/passwd', 'a//b', '.git/config', 'a\\b']) {
    const upload = uploadFile({
      hubUrl: hub.url,
      accessToken: 'hf_ana',
      repo: 'ana/codes',
      file: { path, content: new Blob(['x']) },
    });
    await expect(upload).rejects.toMatchObject({ statusCode: 400 });
  }
});

test('content that somebody else uploaded cannot be claimed by knowing its hash', async () => {
  const at = { hubUrl: hub.url, accessToken: 'hf_ana', repo: 'ana/private' };
  await uploadFile({ ...at, file: { path: 'w.bin', content: new Blob(['private weights']) } });
  let oid = '';
  for await (const entry of listFiles(at)) if (entry.lfs !== undefined) oid = entry.lfs.oid;
  await createRepo({ hubUrl: hub.url, accessToken: 'hf_bob', repo: 'bob/thief' });
  const lines = [
    { key: 'header', value: { summary: 'Mine now' } },
    { key: 'lfsFile', value: { path: 'w.bin', algo: 'sha256', oid, size: 15 } },
  ];
  const body = lines.map((line) => JSON.stringify(line)).join('\n');
  expect((await get('/api/models/bob/thief/commit/main', 'hf_bob', { method: 'POST', body })).status).toBe(400);
  const batch = { operation: 'upload', transfers: ['basic'], objects: [{ oid, size: 15 }] };
  const reply = await get('/bob/thief.git/info/lfs/objects/batch', 'hf_bob', {
    method: 'POST',
    body: JSON.stringify(batch),
  });
  expect(await reply.json()).toMatchObject({ objects: [{ oid, actions: { upload: {} } }] });
});

test('a page shows the files and the card as text, never as markup', async () => {
  await newRepo('ana/page');
  const card = '---\nlicense: mit\n---\n<script>alert(1)</script>';
  await uploadFile({
    hubUrl: hub.url,
    accessToken: 'hf_ana',
    repo: 'ana/page',
    file: { path: 'README.md', content: new Blob([card]) },
  });
  const response = await get('/ana/page');
  const text = await response.text();
  expect(response.headers.get('content-type')).toMatch(/^text\/html/);
  expect(response.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
  expect(text).toContain('href="/ana/page/resolve/main/config.json"');
  expect(text).toContain('license:mit');
  expect(text).toContain('&lt;script&gt;');
  expect(text).not.toContain('<script>');
  expect(await (await get('/')).text()).not.toContain('ana/private');
});

test('an upload that ends after its repository was deleted leaves nothing under the name', async () => {
  const at = { hubUrl: hub.url, accessToken: 'hf_ana', repo: 'ana/late' };
  await createRepo(at);
  const oid = createHash('sha256').update('late').digest('hex');
  const reply = await get('/ana/late.git/info/lfs/objects/batch', 'hf_ana', {
    method: 'POST',
    body: JSON.stringify({ operation: 'upload', objects: [{ oid, size: 4 }] }),
  });
  const { objects } = (await reply.json()) as { objects: { actions: { upload: { href: string } } }[] };
  let finish = () => {};
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('la'));
      finish = () => {
        controller.enqueue(Buffer.from('te'));
        controller.close();
      };
    },
  });
  const upload = fetch(objects[0]?.actions.upload.href ?? '', { method: 'PUT', body, duplex: 'half' } as RequestInit);
  await deleteRepo(at);
  finish();
  expect((await upload).status).toBe(404);
  await createRepo(at);
});

test('scripts of other sites may read what is public and nothing else', async () => {
  const reply = await get('/ana/codes/resolve/main/config.json');
  expect(reply.headers.get('access-control-allow-origin')).toBe('*');
  expect(reply.headers.get('access-control-expose-headers')).toContain('X-Repo-Commit');
  const preflight = await fetch(`${hub.url}/api/repos/create`, { method: 'OPTIONS' });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, HEAD');
  expect(preflight.headers.get('access-control-allow-headers')).not.toMatch(/authorization/i);
});

test('on another address than loopback nobody writes without a configured token', async () => {
  const open = await startHubServer({ folder, host: '0.0.0.0' });
  const me = await fetch(`${open.url}/api/whoami-v2`, { headers: { authorization: 'Bearer hf_ana' } });
  await open.close();
  expect(me.status).toBe(401);
});

test('without configured tokens each is an account that may write everywhere and whose name does not tell the token', async () => {
  const served = await mkdtemp(join(tmpdir(), 'hub-open-'));
  const open = await startHubServer({ folder: served });
  const nameOf = async (token: string) => {
    const me = await fetch(`${open.url}/api/whoami-v2`, { headers: { authorization: `Bearer ${token}` } });
    return (await me.json()) as { name: string; auth: { accessToken: { role: string } } };
  };
  const me = await nameOf('hf_verysecret123');
  expect(me.name).toMatch(/^user-[0-9a-f]{8}$/);
  expect(me.auth.accessToken.role).toBe('fineGrained');
  expect((await nameOf('hf_another')).name).not.toBe(me.name);

  const at = { hubUrl: open.url, accessToken: 'hf_verysecret123', repo: 'any/where' };
  await createRepo(at);
  await uploadFile({ ...at, file: { path: 'a.txt', content: new Blob(['a']) } });
  const commits = await (await fetch(`${open.url}/api/models/any/where/commits/main`)).text();
  await open.close();
  expect(commits).toContain(me.name);
  for (const entry of await readdir(served, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    expect(await readFile(join(entry.parentPath, entry.name), 'utf8')).not.toContain('verysecret');
  }
  expect(commits).not.toContain('verysecret');
  await rm(served, { recursive: true, force: true });
});

test('a taken port is an error that says so', async () => {
  const port = Number(new URL(hub.url).port);
  await expect(startHubServer({ folder, port })).rejects.toMatchObject({ code: 'hub-server/cannot-listen' });
});

test('what was stored and then damaged on the disk is the fault of the server, which says so', async () => {
  await newRepo('ana/damaged');
  await writeFile(join(folder, '.hub', 'repos', 'models', 'ana', 'damaged', 'refs', 'heads', 'main'), 'f'.repeat(40));
  expect((await get('/api/models/ana/damaged')).status).toBe(500);
  expect(notices.join()).toContain(`ana/damaged: the commit ${'f'.repeat(40)} is not there`);
});
