import {
  closeDiscussion,
  commentDiscussion,
  findPullRequest,
  findPullRequests,
  listDiscussions,
  readDiscussion,
} from '@hubfuse/hub';
import { HubError } from '@hubfuse/plugin';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { modelFiles, startTestHub, type TestHub } from './test-hub.ts';

const REPO = 'tester/model';

let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub({
    pageSize: 3,
    tokens: { hf_tester: { name: 'tester' }, hf_owner: { name: 'owner', orgs: ['tester'] } },
  });
  await hub.commit(REPO, modelFiles(1000));
});
afterEach(async () => await hub.close());

const at = <More extends object>(more: More) => ({ repo: REPO, options: hub.options(), ...more });

async function open(title: string, { description = '', pullRequest = false } = {}): Promise<number> {
  const response = await hub.api('POST', `/api/models/${REPO}/discussions`, { title, description, pullRequest });
  return ((await response.json()) as { num: number }).num;
}

async function refusal(action: Promise<unknown>): Promise<HubError> {
  const error = await action.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (error instanceof HubError) return error;
  throw new Error(`not refused: ${String(error)}`);
}

test('all pages of the discussions are listed, by kind and status', async () => {
  for (let number = 1; number <= 5; number++) await open(`Question ${number}`);
  await open('A change', { pullRequest: true });
  await hub.api('POST', `/api/models/${REPO}/discussions/2/status`, { status: 'closed' });
  const numbers = async (filter = {}) => {
    const found: number[] = [];
    for await (const { number } of listDiscussions(at(filter))) found.push(number);
    return found;
  };
  expect(await numbers()).toEqual([6, 5, 4, 3, 2, 1]);
  expect(await numbers({ kind: 'pull_request' })).toEqual([6]);
  expect(await numbers({ kind: 'discussion', status: 'open' })).toEqual([5, 4, 3, 1]);
  expect(await numbers({ author: 'nobody' })).toEqual([]);
});

test('a discussion is read with its comments, without what was hidden', async () => {
  const number = await open('A question', { description: 'Why?' });
  const { id } = await commentDiscussion(at({ number, text: 'Because.' }));
  await hub.api('POST', `/api/models/${REPO}/discussions/${number}/comment`, { comment: 'secret' });
  const before = await readDiscussion(at({ number }));
  const hidden = before.comments[2]?.id;
  await hub.api('POST', `/api/models/${REPO}/discussions/${number}/comment/${hidden}/hide`);
  const discussion = await readDiscussion(at({ number }));
  expect(discussion).toMatchObject({
    title: 'A question',
    author: 'owner',
    status: 'open',
    isPullRequest: false,
    url: `${hub.url}/${REPO}/discussions/${number}`,
    comments: [
      { text: 'Why?', author: 'owner', hidden: false },
      { id, author: 'tester', hidden: false },
      { text: '', hidden: true },
    ],
  });
  expect(discussion.comments[1]?.text).toMatch(/^Because\.\n\n<!-- hubfuse: [\w-]+ -->$/);
});

test('a comment with a marker is written once, whoever asks again', async () => {
  const number = await open('A question');
  const first = await commentDiscussion(at({ number, text: 'Done.', marker: 'run-1/answer' }));
  const again = await commentDiscussion(at({ number, text: 'Done.', marker: 'run-1/answer' }));
  expect(again).toEqual({ ...first, already: true });
  await commentDiscussion(at({ number, text: 'Done.', marker: 'run-2/answer' }));
  expect((await readDiscussion(at({ number }))).comments).toHaveLength(3);
});

test('a comment whose answer is lost is not written twice', async () => {
  const number = await open('A question');
  hub.server.faults?.set([{ kind: 'lose-reply', method: 'POST', path: '/comment', times: 1 }]);
  const result = await commentDiscussion(at({ number, text: 'Once.' }));
  const { comments } = await readDiscussion(at({ number }));
  expect(comments.map(({ id }) => id).slice(1)).toEqual([result.id]);
});

test('a marker that would end its HTML comment is refused', async () => {
  await expect(commentDiscussion(at({ number: 1, text: 'x', marker: 'a --> b' }))).rejects.toThrow(RangeError);
});

test('closing says why once, and closing again does nothing', async () => {
  const number = await open('A change', { pullRequest: true });
  hub.server.faults?.set([{ kind: 'lose-reply', method: 'POST', path: '/status', times: 1 }]);
  const owner = { options: hub.options({ token: 'hf_owner' }) };
  expect(await closeDiscussion(at({ number, comment: 'Superseded by #7.', ...owner }))).toBe(true);
  expect(await closeDiscussion(at({ number, comment: 'Superseded by #7.', ...owner }))).toBe(false);
  const { status, comments } = await readDiscussion(at({ number }));
  expect([status, comments.length]).toEqual(['closed', 2]);
});

test('a pull request is found by a mark on a line of its description, the oldest first', async () => {
  const mark = 'hubfuse-intent: abc';
  await open('Talk', { description: mark });
  await open('Quoted', { description: `see "${mark}"`, pullRequest: true });
  const oldest = await open('First', { description: `Text\n\n${mark}`, pullRequest: true });
  const newest = await open('Second', { description: `${mark}\nmore`, pullRequest: true });
  expect((await findPullRequests(at({ mark }))).map(({ number }) => number)).toEqual([oldest, newest]);
  expect((await findPullRequest(at({ mark })))?.number).toBe(oldest);
  expect(await findPullRequest(at({ mark, author: 'somebody' }))).toBeUndefined();
});

test('what cannot be reached is named', async () => {
  const number = await open('A question');
  expect((await refusal(readDiscussion(at({ number: 99 })))).code).toBe('hub/discussion-not-found');
  expect((await refusal(readDiscussion(at({ repo: 'tester/absent', number })))).code).toBe('hub/repo-not-found');
  const anonymous = at({ number, text: 'x', options: hub.options({ token: undefined }) });
  expect((await refusal(commentDiscussion(anonymous))).code).toBe('hub/no-token');
});
