import { setTimeout as sleep } from 'node:timers/promises';
import { listDiscussions, type PublishRequest, type PublishResult, publishFolder, readDiscussion } from '@hubfuse/hub';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { environment } from '../environment.ts';
import { publicationOf } from './publication.ts';
import { modelFiles, noise, startChild, startTestHub, type TestHub } from './test-hub.ts';

const REPO = 'tester/theirs';
const model = { 'config.json': '{}', 'model.safetensors': noise(20_000) };

let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub();
  await hub.commit(REPO, modelFiles(1000));
});
afterEach(async () => await hub.close());

/** Options for a process of its own: what JSON can carry. */
const plain = () => {
  const { hubUrl, cacheDir, token, rangeBytes } = hub.options();
  return { hubUrl, cacheDir, token, rangeBytes, retry: { attempts: 1000, firstPauseMs: 20, longestPauseMs: 20 } };
};

const proposal = async (more: Partial<PublishRequest> = {}): Promise<PublishRequest> =>
  await publicationOf(hub, model, {
    ...{ repo: REPO, as: 'pull_request', attempt: 'run-1', intent: 'intent-1', options: plain() },
    ...more,
  });

async function pullRequests(): Promise<{ number: number; status: string }[]> {
  const found: { number: number; status: string }[] = [];
  for await (const { number, status } of listDiscussions({
    repo: REPO,
    options: hub.options(),
    kind: 'pull_request',
  })) {
    found.push({ number, status });
  }
  return found.reverse();
}

/** Waits until a fault has been met. */
async function met(times: number): Promise<void> {
  while (hub.server.faults?.list()[0]?.times === times) await sleep(5);
}

async function publishAgain(request: PublishRequest): Promise<PublishResult> {
  hub.server.faults?.set([]);
  const child = startChild('publish', request);
  expect(await child.ended, child.stderr()).toBe(0);
  return child.lines.at(-1)?.result as PublishResult;
}

test('of publishers of one intent that race, one pull request stays, and all of them name it', async () => {
  const request = await proposal();
  // Each has looked for what is there before any of them proposes.
  hub.server.faults?.set([{ kind: 'slow', delayMs: 4000, path: '/preupload/', times: 1000 }]);
  const children = [1, 2, 3].map(() => startChild('publish', request));
  for (const child of children) expect(await child.ended, child.stderr()).toBe(0);
  const results = children.map(({ lines }) => lines.at(-1)?.result as PublishResult);
  const made = await pullRequests();
  expect(made.length, 'they raced').toBeGreaterThan(1);
  const kept = made[0]?.number;
  expect(made.filter(({ status }) => status === 'open')).toEqual([{ number: kept, status: 'open' }]);
  expect(new Set(results.map(({ pullRequest }) => pullRequest))).toEqual(new Set([kept]));
  expect(new Set(results.map(({ revision }) => revision)).size).toBe(1);
  for (const { number } of made.slice(1)) {
    const { comments } = await readDiscussion({ repo: REPO, number, options: hub.options() });
    expect(comments.filter(({ text }) => text.includes(`#${kept} is the one to look at`))).toHaveLength(1);
  }
  expect(await publishAgain(request)).toMatchObject({ pullRequest: kept, already: true });
}, 60_000);

/** What a second publisher leaves that saw nothing of the first: the same proposal once more. */
async function proposeBeside(request: PublishRequest): Promise<void> {
  const blind: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (init?.method === 'POST' || !/\/(refs|discussions)\b/.test(String(input))) return response;
    return Response.json({
      branches: [],
      tags: [],
      converts: [],
      pullRequests: [],
      discussions: [],
      count: 0,
      start: 0,
    });
  };
  await publishFolder({ ...request, options: hub.options({ fetch: blind }) });
}

const STEPS = [
  ['while it looks for what is there', { method: 'GET', path: '/discussions' }],
  ['before it is heard that it was made', { method: 'POST', path: '/commit/' }],
  ['while it says why a duplicate is closed', { method: 'POST', path: '/comment' }],
  ['while it closes a duplicate', { method: 'POST', path: '/status' }],
] as const;

// The first two are where one could be made twice; `npm run soak` takes all.
test.each(environment.soak === undefined ? STEPS.slice(0, 2) : STEPS)(
  'a publisher that is killed %s is followed by one that leaves one pull request',
  async (_, step) => {
    for (const carriedOut of [true, false]) {
      const request = await proposal({ attempt: `run ${carriedOut}`, intent: `intent-${carriedOut}` });
      request.manifest = { ...request.manifest, name: `merge ${carriedOut}` };
      const closes = step.path === '/comment' || step.path === '/status';
      if (closes) for (let twice = 0; twice < 2; twice++) await proposeBeside(request);
      const before = (await pullRequests()).length;
      const fault = carriedOut
        ? ({ kind: 'slow', delayMs: 60_000 } as const)
        : ({ kind: 'cut-request', afterBytes: 0 } as const);
      hub.server.faults?.set([{ ...fault, ...step, times: 1000 }]);
      const child = startChild('publish', request);
      await met(1000);
      // Time for the Hub to carry out what it was asked.
      await sleep(100);
      child.process.kill('SIGKILL');
      expect(await child.ended).toBe(null);
      const result = await publishAgain(request);
      const made = await pullRequests();
      const own = closes ? made.slice(before - 2) : made.slice(before);
      expect(own[0]).toEqual({ number: result.pullRequest, status: 'open' });
      expect(own.slice(1).map(({ status }) => status)).toEqual(own.slice(1).map(() => 'closed'));
      const again = await publishAgain(request);
      expect(again).toMatchObject({ pullRequest: result.pullRequest, already: true });
      expect(await pullRequests()).toEqual(made);
    }
  },
  60_000,
);

test("a stranger's proposal with a copied mark is neither ours nor closed", async () => {
  const other = await publicationOf(hub, { 'config.json': '{"evil":true}' }, { repo: REPO });
  await publishFolder({
    ...other,
    as: 'pull_request',
    intent: 'intent-1',
    options: hub.options({ token: 'hf_stranger' }),
  });
  const result = await publishFolder(await proposal({ options: hub.options() }));
  expect(result).toMatchObject({ pullRequest: 2, already: false });
  expect(await pullRequests()).toEqual([
    { number: 1, status: 'open' },
    { number: 2, status: 'open' },
  ]);
});

test('another intent with the same content finds the open proposal and makes none', async () => {
  const first = await publishFolder(await proposal({ options: hub.options() }));
  const second = await publishFolder(await proposal({ options: hub.options(), attempt: 'run-2', intent: 'intent-2' }));
  expect(second).toMatchObject({ pullRequest: first.pullRequest, already: true });
});
