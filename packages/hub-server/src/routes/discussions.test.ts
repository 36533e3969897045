import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commit, createRepo, downloadFile, uploadFile } from '@huggingface/hub';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HubServer, startHubServer } from '../server.ts';

const accessToken = 'hf_ana';
let folder: string;
let hub: HubServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hub-discussions-'));
  hub = await startHubServer({
    folder,
    pageSize: 2,
    tokens: { hf_ana: { name: 'ana' }, hf_bob: { name: 'bob' }, hf_reader: { name: 'reader', role: 'read' } },
  });
});

afterAll(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

interface Reply {
  status: number;
  body: Record<string, unknown>;
}

async function call(
  method: string,
  path: string,
  { token = accessToken, body }: { token?: string; body?: unknown } = {},
) {
  const response = await fetch(`${hub.url}/api/models/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() } as Reply;
}

async function propose(repo: string, { path, text }: { path: string; text: string }): Promise<void> {
  await commit({
    hubUrl: hub.url,
    accessToken: 'hf_bob',
    repo,
    title: `Change ${path}`,
    isPullRequest: true,
    operations: [{ operation: 'addOrUpdate', path, content: new Blob([text]) }],
  });
}

async function newRepo(name: string): Promise<string> {
  const repo = `ana/${name}`;
  await createRepo({ hubUrl: hub.url, accessToken, repo });
  return repo;
}

async function read(repo: string, path: string): Promise<string | undefined> {
  return (await downloadFile({ hubUrl: hub.url, repo, path }))?.text();
}

test('a discussion is opened, commented, renamed and closed, and shows each of these', async () => {
  const repo = await newRepo('talk');
  const opened = await call('POST', `${repo}/discussions`, { body: { title: 'A question', description: 'Why?' } });
  expect(opened.body).toMatchObject({ num: 1, status: 'open', isPullRequest: false });
  await call('POST', `${repo}/discussions/1/comment`, { token: 'hf_bob', body: { comment: 'Because.' } });
  await call('POST', `${repo}/discussions/1/title`, { body: { title: 'Answered' } });
  await call('POST', `${repo}/discussions/1/status`, { body: { status: 'closed' } });
  const { body } = await call('GET', `${repo}/discussions/1`);
  expect(body).toMatchObject({ title: 'Answered', status: 'closed', repo: { name: repo, type: 'model' } });
  expect((body.events as { type: string }[]).map((event) => event.type)).toEqual([
    'comment',
    'comment',
    'title-change',
    'status-change',
  ]);
});

test('only the author and who may write may rename or close a discussion', async () => {
  const repo = await newRepo('strict');
  await call('POST', `${repo}/discussions`, { token: 'hf_bob', body: { title: 'From Bob' } });
  await call('POST', `${repo}/discussions`, { body: { title: 'From Ana' } });
  const title = { title: 'Another title' };
  expect((await call('POST', `${repo}/discussions/2/title`, { token: 'hf_bob', body: title })).status).toBe(403);
  expect((await call('POST', `${repo}/discussions/1/title`, { token: 'hf_bob', body: title })).status).toBe(200);
  expect((await call('POST', `${repo}/discussions/1/title`, { token: 'hf_reader', body: title })).status).toBe(403);
  expect((await call('POST', `${repo}/discussions/3/comment`, { body: { comment: 'x' } })).status).toBe(404);
});

test('discussions are listed newest first, by kind and status, in pages', async () => {
  const repo = await newRepo('many');
  for (const title of ['one', 'two', 'three']) await call('POST', `${repo}/discussions`, { body: { title } });
  await propose(repo, { path: 'a', text: 'x' });
  const first = await call('GET', `${repo}/discussions?p=0`);
  expect(first.body).toMatchObject({ count: 4, start: 0, discussions: [{ num: 4 }, { num: 3 }] });
  const second = await call('GET', `${repo}/discussions?p=1`);
  expect(second.body).toMatchObject({ count: 4, start: 2, discussions: [{ num: 2 }, { num: 1 }] });
  const pulls = await call('GET', `${repo}/discussions?type=pull_request&status=open`);
  expect(pulls.body).toMatchObject({ count: 1, discussions: [{ num: 4, author: { name: 'bob' } }] });
});

test('a merged pull request is one commit on its branch, and stays merged', async () => {
  const repo = await newRepo('merge');
  await propose(repo, { path: 'new.txt', text: 'proposed' });
  await uploadFile({ hubUrl: hub.url, accessToken, repo, file: { path: 'other.txt', content: new Blob(['mine']) } });
  expect((await call('POST', `${repo}/discussions/1/merge`, { token: 'hf_bob' })).status).toBe(403);
  const merged = await call('POST', `${repo}/discussions/1/merge`);
  expect(merged.status).toBe(200);
  expect([await read(repo, 'new.txt'), await read(repo, 'other.txt')]).toEqual(['proposed', 'mine']);
  const details = await call('GET', `${repo}/discussions/1`);
  expect(details.body).toMatchObject({ status: 'merged', changes: { mergeCommitId: merged.body.mergeCommitId } });
  expect((await call('POST', `${repo}/discussions/1/merge`)).status).toBe(400);
  expect((await call('POST', `${repo}/discussions/1/status`, { body: { status: 'open' } })).status).toBe(400);
});

test('a pull request whose file also changed on the branch is not merged', async () => {
  const repo = await newRepo('conflict');
  await propose(repo, { path: 'a.txt', text: 'theirs' });
  await uploadFile({ hubUrl: hub.url, accessToken, repo, file: { path: 'a.txt', content: new Blob(['mine']) } });
  const refused = await call('POST', `${repo}/discussions/1/merge`);
  expect(refused).toMatchObject({ status: 409, body: { filesWithConflicts: ['a.txt'] } });
  expect((await call('GET', `${repo}/discussions/1`)).body.filesWithConflicts).toEqual(['a.txt']);
  expect(await read(repo, 'a.txt')).toBe('mine');
});

test('a draft pull request begins at main and takes commits of its author only', async () => {
  const repo = await newRepo('draft');
  const made = await call('POST', `${repo}/discussions`, {
    token: 'hf_bob',
    body: { title: 'Draft', pullRequest: true },
  });
  expect(made.body).toMatchObject({ num: 1, status: 'draft', changes: { base: 'refs/heads/main' } });
  const push = (token: string) =>
    uploadFile({
      hubUrl: hub.url,
      accessToken: token,
      repo,
      branch: 'refs/pr/1',
      file: { path: 'b.txt', content: new Blob(['b']) },
    });
  await push('hf_bob');
  await expect(
    uploadFile({ hubUrl: hub.url, accessToken: 'hf_bob', repo, file: { path: 'b', content: new Blob(['b']) } }),
  ).rejects.toMatchObject({ statusCode: 403 });
  const refs = await call('GET', `${repo}/refs?include_prs=1`);
  expect(refs.body).toMatchObject({ branches: [{ name: 'main' }], pullRequests: [{ name: '1', ref: 'refs/pr/1' }] });
});

/** Comments of a discussion as the Hub's API shows them. */
async function commentsOf(repo: string, number = 1) {
  const { body } = await call('GET', `${repo}/discussions/${number}`);
  const events = body.events as { id: string; type: string; data: Record<string, unknown> }[];
  return events.filter(({ type }) => type === 'comment');
}

test('a comment is edited by its author only and keeps its history', async () => {
  const repo = await newRepo('edited');
  await call('POST', `${repo}/discussions`, { token: 'hf_bob', body: { title: 'A question', description: 'first' } });
  const id = (await commentsOf(repo))[0]?.id ?? '';
  const edit = (token: string, content: string) =>
    call('POST', `${repo}/discussions/1/comment/${id.toUpperCase()}/edit`, { token, body: { content } });
  expect((await edit('hf_ana', 'not mine')).status).toBe(403);
  expect((await edit('hf_bob', '  ')).status).toBe(400);
  expect((await edit('hf_bob', 'second')).body.updatedComment).toMatchObject({
    id,
    data: { edited: true, numEdits: 1 },
  });
  await edit('hf_bob', 'third');
  const [comment] = await commentsOf(repo);
  expect(comment?.data).toMatchObject({
    hidden: false,
    latest: { raw: 'third', author: { name: 'bob' } },
    history: [{ raw: 'first' }, { raw: 'second' }],
  });
  expect((await call('POST', `${repo}/discussions/1/comment/ffff/edit`, { body: { content: 'x' } })).status).toBe(404);
});

test('a hidden comment has lost its text for good', async () => {
  const repo = await newRepo('hidden');
  await call('POST', `${repo}/discussions`, { token: 'hf_bob', body: { title: 'A question', description: 'rude' } });
  const id = (await commentsOf(repo))[0]?.id ?? '';
  const hide = (token: string) => call('POST', `${repo}/discussions/1/comment/${id}/hide`, { token });
  expect((await hide('hf_reader')).status).toBe(403);
  expect((await hide('hf_ana')).body.updatedComment).toMatchObject({ data: { hidden: true, hiddenBy: 'ana' } });
  expect(JSON.stringify(await commentsOf(repo))).not.toContain('rude');
  const edit = await call('POST', `${repo}/discussions/1/comment/${id}/edit`, {
    token: 'hf_bob',
    body: { content: 'polite' },
  });
  expect(edit.status).toBe(400);
});

test('closing and merging may say why', async () => {
  const repo = await newRepo('why');
  await call('POST', `${repo}/discussions`, { body: { title: 'A question' } });
  await call('POST', `${repo}/discussions/1/status`, { body: { status: 'closed', comment: 'Answered.' } });
  await propose(repo, { path: 'a.txt', text: 'x' });
  await call('POST', `${repo}/discussions/2/merge`, { body: { comment: 'Thank you.' } });
  const types = async (number: number) => {
    const { body } = await call('GET', `${repo}/discussions/${number}`);
    return (body.events as { type: string }[]).map(({ type }) => type);
  };
  expect(await types(1)).toEqual(['comment', 'comment', 'status-change']);
  expect(await types(2)).toEqual(['comment', 'commit', 'comment', 'status-change']);
  expect((await commentsOf(repo, 2))[1]?.data).toMatchObject({ latest: { raw: 'Thank you.' } });
});
