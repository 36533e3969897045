import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openModel, parseManifest, publishFolder } from '@hubfuse/hub';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { publicationOf, served, stateOf } from './publication.ts';
import { modelFiles, noise, sha256, startTestHub, type TestHub } from './test-hub.ts';

const model = (seed = 1) => ({
  'config.json': `{"seed":${seed}}`,
  'model.safetensors': noise(300_000, seed),
  'onnx/model.onnx': noise(2000, seed),
});

let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub({ partSize: 128 * 1024 });
});
afterEach(async () => await hub.close());

const REPO = 'tester/merged';

test('a repository that is absent is created and gets all files in one commit', async () => {
  const request = await publicationOf(hub, model(), { description: 'Made for a test.' });
  const result = await publishFolder(request);
  expect(result).toMatchObject({ as: 'commit', created: true, already: false, url: `${hub.url}/${REPO}` });
  const { commits, paths } = await stateOf(hub, REPO);
  expect(commits).toEqual(['Merge by PCB', 'initial commit']);
  expect(paths.sort()).toEqual([
    '.gitattributes',
    'README.md',
    'config.json',
    'hubfuse.json',
    'model.safetensors',
    'onnx/model.onnx',
  ]);
  for (const [path, content] of Object.entries(model())) {
    expect((await served(hub, REPO, result.revision, path)).equals(Buffer.from(content)), path).toBe(true);
  }
  const manifest = parseManifest((await served(hub, REPO, 'main', 'hubfuse.json')).toString(), REPO);
  const card = await served(hub, REPO, 'main', 'README.md');
  expect(manifest).toEqual({ ...request.manifest, cardSha256: sha256(card) });
});

test('the same content is published once, whoever asks again', async () => {
  const request = await publicationOf(hub, model());
  const first = await publishFolder(request);
  const again = await publishFolder({ ...request, attempt: 'another run', title: 'Another title' });
  expect(again).toMatchObject({ revision: first.revision, already: true, created: false });
  expect((await stateOf(hub, REPO)).commits).toHaveLength(2);
});

test('new content replaces the old on a branch of ours, and its leftovers go with the same commit', async () => {
  await publishFolder(await publicationOf(hub, { ...model(), 'model-old.safetensors': noise(500) }));
  const second = await publishFolder(await publicationOf(hub, model(2)));
  expect(second).toMatchObject({ as: 'commit', already: false });
  const { paths, commits } = await stateOf(hub, REPO);
  expect(paths).not.toContain('model-old.safetensors');
  expect(commits).toHaveLength(3);
});

test('a file that somebody else added or changed is never removed', async () => {
  await publishFolder(await publicationOf(hub, { ...model(), 'extra.safetensors': noise(500) }));
  await pushAs('hf_owner', REPO, { 'photo.txt': 'mine', 'extra.safetensors': 'changed' });
  await publishFolder(await publicationOf(hub, model(2)));
  const { paths } = await stateOf(hub, REPO);
  expect(paths).toEqual(expect.arrayContaining(['photo.txt', 'extra.safetensors']));
});

test('a branch without our manifest is asked by pull request, and that is said', async () => {
  await hub.commit('tester/theirs', modelFiles());
  const request = await publicationOf(hub, model(), { repo: 'tester/theirs' });
  const before = await stateOf(hub, 'tester/theirs');
  const result = await publishFolder(request);
  expect(result).toMatchObject({ as: 'pull_request', pullRequest: 1, created: false, already: false });
  expect(result.url).toBe(`${hub.url}/tester/theirs/discussions/1`);
  expect(hub.events).toContainEqual(expect.objectContaining({ type: 'notice', code: 'hub/not-ours' }));
  const after = await stateOf(hub, 'tester/theirs');
  expect(after.commits).toEqual(before.commits);
  expect(after.paths).toEqual(before.paths);
  expect((await served(hub, 'tester/theirs', 'refs/pr/1', 'model.safetensors')).equals(noise(300_000, 1))).toBe(true);
});

test('a card that somebody edited is not replaced unasked, and that is said', async () => {
  await publishFolder(await publicationOf(hub, model()));
  await pushAs('hf_owner', REPO, { 'README.md': '# Merged\n\nRead this first.\n' });
  const request = await publicationOf(hub, model(2));
  const result = await publishFolder(request);
  expect(result).toMatchObject({ as: 'pull_request', pullRequest: 1, already: false });
  expect(hub.events).toContainEqual(expect.objectContaining({ type: 'notice', code: 'hub/card-edited' }));
  expect((await served(hub, REPO, 'main', 'README.md')).toString()).toContain('Read this first');
  expect(await publishFolder(request)).toMatchObject({ pullRequest: 1, already: true });

  // Who accepts it has seen what becomes of the edit: the branch is hubfuse's again.
  await hub.api('POST', `/api/models/${REPO}/discussions/1/merge`, {});
  expect(await publishFolder(await publicationOf(hub, model(3)))).toMatchObject({ as: 'commit' });
});

test('where nothing says what the card was, as of publications of earlier versions, it is replaced', async () => {
  const request = await publicationOf(hub, model());
  await publishFolder(request);
  await pushAs('hf_owner', REPO, { 'hubfuse.json': JSON.stringify(request.manifest), 'README.md': 'edited' });
  expect(await publishFolder(await publicationOf(hub, model(2)))).toMatchObject({ as: 'commit', already: false });
});

test('the card names the repository that it is published to', async () => {
  const request = await publicationOf(hub, model());
  await writeFile(join(request.folder, 'README.md'), 'Mine. `hubfuse reproduce this repository` merges again from it.');
  const { revision } = await publishFolder(request);
  const card = (await served(hub, REPO, revision, 'README.md')).toString();
  expect(card).toBe(`Mine. \`hubfuse reproduce ${REPO}\` merges again from it.`);
});

test('a pull request that is asked for is opened once', async () => {
  const request = await publicationOf(hub, model(), { as: 'pull_request' });
  const first = await publishFolder(request);
  expect(first).toMatchObject({ as: 'pull_request', created: true, already: false });
  expect(await publishFolder(request)).toMatchObject({ already: true, pullRequest: 1, revision: first.revision });
  const other = await publishFolder(await publicationOf(hub, model(2), { as: 'pull_request' }));
  expect(other).toMatchObject({ already: false, pullRequest: 2 });
  expect((await stateOf(hub, REPO)).pullRequests).toEqual([1, 2]);
});

test('an open pull request with the content does not stand in for a commit', async () => {
  const request = await publicationOf(hub, model());
  await publishFolder({ ...request, as: 'pull_request' });
  expect(await publishFolder(request)).toMatchObject({ as: 'commit', already: false });
});

test('a pull request that only copies our manifest is not taken for ours', async () => {
  const request = await publicationOf(hub, model(), { as: 'pull_request' });
  await publishFolder(request);
  await pushAs('hf_tester', REPO, { 'config.json': 'tampered' }, 'refs/pr/1');
  expect(await publishFolder(request)).toMatchObject({ already: false, pullRequest: 2 });
});

test('what an attempt published is its own even after something newer replaced it', async () => {
  const request = await publicationOf(hub, model(), { attempt: 'run-1' });
  const first = await publishFolder(request);
  await publishFolder(await publicationOf(hub, model(2), { attempt: 'run-2' }));
  expect(await publishFolder(request)).toMatchObject({ already: true, revision: first.revision });
  // Another attempt means it: the older content shall stand there again.
  expect(await publishFolder({ ...request, attempt: 'run-12' })).toMatchObject({ already: false });
  expect((await stateOf(hub, REPO)).commits).toHaveLength(4);
});

test('a commit whose answer is lost is found, not made again', async () => {
  for (const as of ['commit', 'pull_request'] as const) {
    const repo = `tester/lost-${as.replace('_', '-')}`;
    const request = await publicationOf(hub, model(), { repo, as });
    hub.server.faults?.set([{ kind: 'lose-reply', method: 'POST', path: '/commit/' }]);
    const result = await publishFolder(request);
    expect(result.as).toBe(as);
    const { commits, pullRequests } = await stateOf(hub, repo);
    expect([commits.length, pullRequests.length]).toEqual(as === 'commit' ? [2, 0] : [1, 1]);
  }
});

test('each request of a publication may fail once', async () => {
  // Without a `fetch` of the test's own, uploads stream as they do for users.
  const request = await publicationOf(hub, model(), { options: hub.options({ fetch: undefined }) });
  hub.server.faults?.set([
    { kind: 'status', status: 503, path: '/api/repos/create' },
    { kind: 'status', status: 429, retryAfterSeconds: 0, path: '/preupload/' },
    { kind: 'status', status: 500, path: '/objects/batch' },
    { kind: 'status', status: 500, method: 'PUT' },
    { kind: 'cut-request', afterBytes: 1000, method: 'PUT', skip: 1 },
    { kind: 'lose-reply', path: '/tree/' },
    { kind: 'status', status: 502, method: 'POST', path: '/commit/' },
  ]);
  expect(await publishFolder(request)).toMatchObject({ as: 'commit', already: false });
  expect(hub.server.faults?.list()).toEqual([]);
  expect((await stateOf(hub, REPO)).commits).toHaveLength(2);
  expect((await served(hub, REPO, 'main', 'model.safetensors')).equals(noise(300_000, 1))).toBe(true);
});

test('a branch that moves meanwhile is read again, and nothing of it is lost', async () => {
  await publishFolder(await publicationOf(hub, model()));
  const request = await publicationOf(hub, model(2));
  let moved = false;
  const slyFetch: typeof fetch = async (input, init) => {
    if (!moved && String(input).includes('/commit/main')) {
      moved = true;
      await pushAs('hf_owner', REPO, { 'theirs.txt': 'first' });
    }
    return await fetch(input, init);
  };
  await publishFolder({ ...request, options: hub.options({ fetch: slyFetch }) });
  const { commits, paths } = await stateOf(hub, REPO);
  expect(moved).toBe(true);
  expect(commits).toHaveLength(4);
  expect(paths).toContain('theirs.txt');
});

test('two publishers of one content at the same time make one commit', async () => {
  const request = await publicationOf(hub, model());
  await publishFolder(await publicationOf(hub, model(7)));
  const results = await Promise.all([publishFolder(request), publishFolder(request), publishFolder(request)]);
  expect(new Set(results.map(({ revision }) => revision)).size).toBe(1);
  expect((await stateOf(hub, REPO)).commits).toHaveLength(3);
});

test('a target that was renamed is followed, and that is said', async () => {
  await publishFolder(await publicationOf(hub, model()));
  await hub.api('POST', '/api/repos/move', { fromRepo: REPO, toRepo: 'tester/renamed', type: 'model' });
  const result = await publishFolder(await publicationOf(hub, model(2)));
  expect(result).toMatchObject({ as: 'commit', created: false, url: `${hub.url}/tester/renamed` });
  expect(hub.events).toContainEqual({ type: 'renamed', from: REPO, to: 'tester/renamed' });
  expect((await stateOf(hub, 'tester/renamed')).commits).toHaveLength(3);
});

test('a dataset of the same name is no obstacle', async () => {
  await hub.commit(REPO, { 'a.txt': 'a' }, { type: 'dataset' });
  expect(await publishFolder(await publicationOf(hub, model()))).toMatchObject({ created: true, as: 'commit' });
});

test('another branch is made from main and gets the commit', async () => {
  await publishFolder(await publicationOf(hub, model()));
  const result = await publishFolder(await publicationOf(hub, model(2), { branch: 'candidate' }));
  expect(result).toMatchObject({ as: 'commit', url: `${hub.url}/${REPO}/tree/candidate` });
  expect((await served(hub, REPO, 'candidate', 'config.json')).toString()).toBe('{"seed":2}');
  expect((await served(hub, REPO, 'main', 'config.json')).toString()).toBe('{"seed":1}');
});

test('private means private: a repository that is public already is refused', async () => {
  const request = await publicationOf(hub, model(), { private: true });
  expect(await publishFolder(request)).toMatchObject({ created: true });
  const anonymous = await fetch(`${hub.url}/api/models/${REPO}`);
  expect(anonymous.status).toBe(401);
  await hub.commit('tester/public', { 'a.txt': 'a' });
  await expect(publishFolder({ ...request, repo: 'tester/public' })).rejects.toMatchObject({ code: 'hub/visibility' });
});

test('a folder that is not what the manifest says is refused before anything is sent', async () => {
  const request = await publicationOf(hub, model());
  await writeFile(join(request.folder, 'config.json'), '{"seed":9}');
  await expect(publishFolder(request)).rejects.toThrow(/"config.json" is not the file that the manifest describes/);
  await writeFile(join(request.folder, 'config.json'), '{"seed":1}');
  const outputs = Object.keys(model());
  await expect(publishFolder({ ...request, files: [...outputs, 'nothing.json'] })).rejects.toThrow(
    /no file "nothing.json" to publish/,
  );
  await expect(publishFolder({ ...request, files: outputs.slice(1) })).rejects.toThrow(
    /manifest lists "config.json", which is not among the files/,
  );
  expect((await hub.api('GET', `/api/models/${REPO}`)).status).toBe(404);
});

test('no token, a read token and another’s namespace each get their own message', async () => {
  await hub.close();
  hub = await startTestHub({
    tokens: { hf_tester: { name: 'tester' }, hf_reader: { name: 'tester', role: 'read' } },
  });
  const request = await publicationOf(hub, model());
  const as = async (token: string | undefined, repo = REPO) =>
    await publishFolder({ ...request, repo, options: hub.options({ token }) });
  await expect(as(undefined)).rejects.toMatchObject({ code: 'hub/no-token' });
  await expect(as('hf_reader')).rejects.toThrow(/does not let the token from HF_TOKEN publish to.*may only read/s);
  await expect(as('hf_tester', 'other/merged')).rejects.toMatchObject({ code: 'hub/forbidden' });
  await expect(as('hf_tester', 'merged')).rejects.toMatchObject({ code: 'hub/bad-repo-id' });
});

test('a card that holds the token is not published', async () => {
  const request = await publicationOf(hub, model());
  await writeFile(join(request.folder, 'README.md'), 'log in with hf_tester');
  await expect(publishFolder(request)).rejects.toMatchObject({ code: 'hub/token-in-files' });
});

test('a published model is opened like any other', async () => {
  await publishFolder(await publicationOf(hub, model()));
  const source = await openModel({ kind: 'hub', repo: REPO }, hub.options());
  expect(source.files.map(({ path }) => path)).toContain('onnx/model.onnx');
});

/** Commits regular files as somebody else would. */
async function pushAs(token: string, repo: string, files: Record<string, string>, revision = 'main'): Promise<void> {
  const lines = [
    { key: 'header', value: { summary: 'by hand' } },
    ...Object.entries(files).map(([path, content]) => ({ key: 'file', value: { path, content, encoding: 'utf-8' } })),
  ];
  const response = await fetch(`${hub.url}/api/models/${repo}/commit/${encodeURIComponent(revision)}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
    body: lines.map((line) => JSON.stringify(line)).join('\n'),
  });
  expect(response.status).toBe(200);
}
