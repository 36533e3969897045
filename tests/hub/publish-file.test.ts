import { join } from 'node:path';
import { type PublishFileRequest, publishFile } from '@hubfuse/hub';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { served, stateOf } from './publication.ts';
import { modelFiles, noise, startTestHub, type TestHub } from './test-hub.ts';

const REPO = 'tester/model';
const PATH = 'hubfuse/gram-mask-money.safetensors';
let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub({ partSize: 128 * 1024 });
  await hub.commit(REPO, modelFiles());
});
afterEach(async () => await hub.close());

async function request(content: Buffer, more: Partial<PublishFileRequest> = {}): Promise<PublishFileRequest> {
  const file = join(await hub.folder({ 'file.safetensors': content }), 'file.safetensors');
  return { repo: REPO, file, path: PATH, title: 'Add statistics', options: hub.options(), ...more };
}

test('a file is added beside what a repository of somebody holds, in one commit', async () => {
  const before = await stateOf(hub, REPO);
  const content = noise(400_000, 7);
  const result = await publishFile(await request(content));
  expect(result).toMatchObject({ as: 'commit', already: false, created: false, url: `${hub.url}/${REPO}` });
  const { commits, paths } = await stateOf(hub, REPO);
  expect(commits).toEqual(['Add statistics', ...before.commits]);
  expect(paths.sort()).toEqual([...before.paths, PATH].sort());
  expect((await served(hub, REPO, result.revision, PATH)).equals(content)).toBe(true);
  const again = await publishFile(await request(content));
  expect(again).toMatchObject({ already: true, revision: result.revision });
  expect((await stateOf(hub, REPO)).commits).toEqual(commits);
});

test('as a pull request it changes no branch, and is opened once', async () => {
  const before = await stateOf(hub, REPO);
  const asked = { as: 'pull_request' as const };
  const result = await publishFile(await request(noise(1000, 8), asked));
  expect(result).toMatchObject({ as: 'pull_request', pullRequest: 1, url: `${hub.url}/${REPO}/discussions/1` });
  const again = await publishFile(await request(noise(1000, 8), asked));
  expect(again).toMatchObject({ pullRequest: 1, already: true });
  const after = await stateOf(hub, REPO);
  expect(after).toMatchObject({ commits: before.commits, pullRequests: [1] });
});

test('a newer file takes the place of the older one', async () => {
  await publishFile(await request(noise(1000, 1)));
  const second = await publishFile(await request(noise(2000, 2)));
  expect(second).toMatchObject({ already: false });
  expect((await served(hub, REPO, 'main', PATH)).equals(noise(2000, 2))).toBe(true);
});

test('a repository that does not exist is an error, not made', async () => {
  const publishing = publishFile(await request(noise(10), { repo: 'tester/nobody' }));
  await expect(publishing).rejects.toMatchObject({ code: 'hub/repo-not-found' });
});

test('no token is said before anything is read', async () => {
  const options = hub.options({ token: undefined });
  await expect(publishFile(await request(noise(10), { options }))).rejects.toMatchObject({ code: 'hub/no-token' });
});
