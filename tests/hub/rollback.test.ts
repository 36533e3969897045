import { type PublishResult, parseManifest, publishFolder, type RollbackRequest, rollback } from '@hubfuse/hub';
import { HubError } from '@hubfuse/plugin';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { publicationOf, served, stateOf } from './publication.ts';
import { modelFiles, noise, startTestHub, type TestHub } from './test-hub.ts';

const REPO = 'tester/merged';
const model = (seed: number, more = {}) => ({
  'config.json': `{"seed":${seed}}`,
  'model.safetensors': noise(50_000, seed),
  ...more,
});
const gate = (mean: number) => ({
  condition: 'better(mean, published)',
  met: true,
  explanation: `mean ${mean} better than published 0.5: met`,
  comparisons: [],
});

let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub();
});
afterEach(async () => await hub.close());

async function publish(seed: number, more = {}): Promise<PublishResult> {
  const request = await publicationOf(hub, model(seed, more));
  return await publishFolder({
    ...request,
    manifest: { ...request.manifest, name: `merge ${seed}`, gate: gate(seed / 10) },
  });
}

const back = async (more: Partial<RollbackRequest> = {}) =>
  await rollback({ repo: REPO, options: hub.options(), ...more });

async function refusal(action: Promise<unknown>): Promise<HubError> {
  const error = await action.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (error instanceof HubError) return error;
  throw new Error(`not refused: ${String(error)}`);
}

async function expectModel(revision: string, seed: number): Promise<void> {
  for (const [path, content] of Object.entries(model(seed))) {
    expect((await served(hub, REPO, revision, path)).equals(Buffer.from(content)), path).toBe(true);
  }
}

const manifestAt = async (revision: string) =>
  parseManifest((await served(hub, REPO, revision, 'hubfuse.json')).toString(), REPO);

test('what a publication replaced stands there again, as a new commit that says why', async () => {
  const first = await publish(6, { 'old.txt': 'of the first' });
  const second = await publish(8, { 'new.txt': 'of the second' });
  hub.requests.length = 0;
  const result = await back({ reason: 'worse on long texts' });
  expect(result).toMatchObject({ as: 'commit', already: false, url: `${hub.url}/${REPO}` });
  expect(result.withdrawn).toMatchObject({ revision: second.revision, restored: first.revision, name: 'merge 8' });
  await expectModel(result.revision, 6);
  const { paths, commits } = await stateOf(hub, REPO);
  expect(paths).toContain('old.txt');
  expect(paths).not.toContain('new.txt');
  expect(commits[0]).toBe(`Roll back merge 8 to ${first.revision.slice(0, 12)}`);
  expect(commits).toHaveLength(4);
  // Nothing large is sent, nor read.
  expect(hub.requests.filter((path) => /model\.safetensors|objects\/batch/.test(path))).toEqual([]);

  const manifest = await manifestAt('main');
  expect(manifest).toMatchObject({
    name: 'merge 6',
    gate: gate(0.6),
    rolledBack: { revision: second.revision, gate: gate(0.8), reason: 'worse on long texts' },
  });
  const card = (await served(hub, REPO, 'main', 'README.md')).toString();
  expect(card).toContain('## Rolled back');
  expect(card).toContain('mean 0.8 better than published 0.5: met');
  const [commit] = (await (await hub.api('GET', `/api/models/${REPO}/commits/main`)).json()) as { message: string }[];
  expect(commit?.message).toContain('Reason: worse on long texts');
  expect(commit?.message).toContain('mean 0.8 better than published 0.5: met');
  expect(commit?.message).toContain('mean 0.6 better than published 0.5: met');
  // What the rollback wrote into the card is no edit of somebody else.
  expect(await publish(9)).toMatchObject({ as: 'commit' });
});

test('rolling back again changes nothing, and a commit may be named to go further or forward', async () => {
  const first = await publish(1);
  await publish(2);
  const third = await publish(3);
  const result = await back();
  expect(await back()).toMatchObject({ already: true, revision: result.revision });
  expect((await stateOf(hub, REPO)).commits).toHaveLength(5);
  const further = await back({ to: first.revision.slice(0, 10) });
  await expectModel('main', 1);
  expect(await back({ to: first.revision })).toMatchObject({ already: true, revision: further.revision });
  await back({ to: third.revision });
  await expectModel('main', 3);
  expect((await served(hub, REPO, 'main', 'README.md')).toString().match(/## Rolled back/g)).toHaveLength(1);
  // What was taken back may be published anew, and taken back anew.
  await publish(4);
  await back();
  await expectModel('main', 3);
  expect((await served(hub, REPO, 'main', 'README.md')).toString().match(/## Rolled back/g)).toHaveLength(1);
});

test.each(['commit', 'pull_request'] as const)('a rollback (%s) whose answer is lost is made once', async (as) => {
  const first = await publish(1);
  await publish(2);
  hub.server.faults?.set([{ kind: 'lose-reply', method: 'POST', path: '/commit/', times: 1 }]);
  const result = await back({ as });
  expect(result.withdrawn.restored).toBe(first.revision);
  const { commits, pullRequests } = await stateOf(hub, REPO);
  expect([commits.length, pullRequests.length]).toEqual(as === 'commit' ? [4, 0] : [3, 1]);
  expect(await back({ as })).toMatchObject({ already: true, revision: result.revision });
  expect(await stateOf(hub, REPO)).toMatchObject({ commits, pullRequests });
});

test('a pull request that rolls back restores when it is merged', async () => {
  await publish(1);
  await publish(2);
  const { pullRequest, url } = await back({ as: 'pull_request' });
  expect(url).toBe(`${hub.url}/${REPO}/discussions/${pullRequest}`);
  await expectModel('main', 2);
  expect((await hub.api('POST', `/api/models/${REPO}/discussions/${pullRequest}/merge`)).status).toBe(200);
  await expectModel('main', 1);
  expect(await back()).toMatchObject({ already: true });
});

test('a publication that came by a merged pull request is taken back', async () => {
  await publish(1);
  const request = await publicationOf(hub, model(2), { as: 'pull_request' });
  const { pullRequest } = await publishFolder(request);
  await hub.api('POST', `/api/models/${REPO}/discussions/${pullRequest}/merge`);
  await back();
  await expectModel('main', 1);
});

test('racing rollbacks come to one', async () => {
  await publish(1);
  await publish(2);
  const outcomes = await Promise.allSettled([back(), back(), back()]);
  expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'hub/changed-since' });
  }
  expect((await stateOf(hub, REPO)).commits).toHaveLength(4);
  await expectModel('main', 1);
});

test('it is refused without a token, where nothing is ours, where others changed it, and where nothing was replaced', async () => {
  const nobody = hub.options({ token: undefined });
  expect((await refusal(back({ options: nobody }))).code).toBe('hub/no-token');
  expect((await refusal(back())).code).toBe('hub/repo-not-found');
  await hub.commit('tester/theirs', modelFiles(1000));
  expect((await refusal(back({ repo: 'tester/theirs' }))).code).toBe('hub/not-ours');
  await publish(1);
  expect((await refusal(back())).code).toBe('hub/nothing-replaced');
  const second = await publish(2);
  expect((await refusal(back({ to: 'ffffffff' }))).code).toBe('hub/revision-not-found');
  const body = [
    { key: 'header', value: { summary: 'A photo' } },
    { key: 'file', value: { path: 'photo.txt', content: 'mine' } },
  ];
  await fetch(`${hub.url}/api/models/${REPO}/commit/main`, {
    method: 'POST',
    headers: { authorization: 'Bearer hf_owner', 'content-type': 'application/x-ndjson' },
    body: body.map((line) => JSON.stringify(line)).join('\n'),
  });
  const changed = await refusal(back());
  expect(changed.code).toBe('hub/changed-since');
  expect(changed.message).toContain('"A photo"');
  expect(changed.message).not.toContain(second.revision);
  expect((await stateOf(hub, REPO)).commits[0]).toBe('A photo');
});

test('a reason that holds the token does not carry it onto the Hub', async () => {
  await publish(1);
  await publish(2);
  const token = `hf_${'a'.repeat(30)}`;
  await back({ reason: `used ${token} by mistake`, options: hub.options({ token }) });
  const everything = [
    (await served(hub, REPO, 'main', 'README.md')).toString(),
    (await served(hub, REPO, 'main', 'hubfuse.json')).toString(),
    await (await hub.api('GET', `/api/models/${REPO}/commits/main`)).text(),
  ].join('\n');
  expect(everything).toContain('[token]');
  expect(everything).not.toContain(token);
});
