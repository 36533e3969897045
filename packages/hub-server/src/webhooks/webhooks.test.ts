import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commit, createBranch, createRepo, deleteRepo, uploadFile } from '@huggingface/hub';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type HubServer, startHubServer } from '../server.ts';

interface Received {
  headers: IncomingHttpHeaders;
  body: {
    event: { action: string; scope: string };
    repo: { type: string; name: string; headSha?: string };
    updatedRefs?: { ref: string; oldSha: string | null; newSha: string | null }[];
    webhook: { id: string; version: number };
  } & Record<string, unknown>;
}

const accessToken = 'hf_ana';
const deliveries = { attempts: 3, pauseMs: 5, timeoutMs: 2000 };
let folder: string;
let hub: HubServer;
let receiver: Server;
let address: string;
let received: Received[];
let notices: string[];
/** Statuses of the next replies; then 200. */
let answers: number[];
let waiting: (() => void)[] = [];

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const status = answers.shift() ?? 200;
    if (status === 200) received.push({ headers: request.headers, body: JSON.parse(text) });
    response.writeHead(status).end();
    for (const look of waiting) look();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
});

beforeEach(async () => {
  received = [];
  notices = [];
  answers = [];
  folder = await mkdtemp(join(tmpdir(), 'hub-webhooks-'));
  hub = await start();
});

afterEach(async () => {
  waiting = [];
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

afterAll(() => new Promise<void>((resolve) => receiver.close(() => resolve())));

function start(limits = deliveries): Promise<HubServer> {
  return startHubServer({
    folder,
    deliveries: limits,
    onNotice: (notice) => {
      notices.push(notice);
      for (const look of waiting) look();
    },
  });
}

/** Resolves when the condition holds after some delivery or notice. */
function until(condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (condition()) resolve();
    };
    waiting.push(look);
    look();
  });
}

async function subscribe(body: Record<string, unknown>): Promise<Record<string, unknown>> {
  const response = await fetch(`${hub.url}/api/settings/webhooks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ url: address, watched: [{ type: 'user', name: 'ana' }], ...body }),
  });
  return response.json() as Promise<Record<string, unknown>>;
}

const at = () => ({ hubUrl: hub.url, accessToken });
const file = (path: string) => ({ path, content: new Blob([path]) });

test('what happens to a repository arrives in order, with the secret and the refs that moved', async () => {
  const { webhook } = (await subscribe({ secret: 'sesame', domains: ['repo'] })) as { webhook: { id: string } };
  const repo = 'ana/model';
  await createRepo({ ...at(), repo });
  await uploadFile({ ...at(), repo, file: file('a.txt') });
  await createBranch({ ...at(), repo, branch: 'next' });
  await commit({
    ...at(),
    repo,
    title: 'A pull request',
    isPullRequest: true,
    operations: [{ operation: 'addOrUpdate', ...file('b.txt') }],
  });
  await deleteRepo({ ...at(), repo });
  await until(() => received.length === 5);
  expect(received.map(({ body }) => `${body.event.scope} ${body.event.action}`)).toEqual([
    'repo create',
    'repo.content update',
    'repo.content update',
    'repo.content update',
    'repo delete',
  ]);
  const [created, pushed, branched, proposed] = received.map(({ body }) => body);
  expect(received[0]?.headers['x-webhook-secret']).toBe('sesame');
  expect(created).toMatchObject({
    repo: { type: 'model', name: repo, private: false, url: { web: `${hub.url}/${repo}` } },
    webhook: { id: webhook.id, version: 3 },
  });
  const sha = pushed?.repo.headSha;
  expect(pushed?.updatedRefs).toEqual([{ ref: 'refs/heads/main', oldSha: created?.repo.headSha, newSha: sha }]);
  expect(branched?.updatedRefs).toEqual([{ ref: 'refs/heads/next', oldSha: null, newSha: sha }]);
  expect(proposed?.repo.headSha).toBe(sha);
  expect(proposed?.updatedRefs).toMatchObject([{ ref: 'refs/pr/1', oldSha: null }]);
});

test('a webhook hears only of what it watches and of the domains that it asked for', async () => {
  await subscribe({ watched: [{ type: 'model', name: 'ana/wanted' }], domains: ['discussion'] });
  for (const name of ['ana/wanted', 'ana/other']) {
    await createRepo({ ...at(), repo: name });
    await fetch(`${hub.url}/api/models/${name}/discussions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}` },
      body: JSON.stringify({ title: `About ${name}` }),
    });
  }
  await uploadFile({ ...at(), repo: 'ana/wanted', file: file('x') });
  await until(() => received.length > 0);
  expect(received.map(({ body }) => [body.event.scope, body.repo.name])).toEqual([['discussion', 'ana/wanted']]);
  expect(received[0]?.body.discussion).toMatchObject({ num: 1, title: 'About ana/wanted', status: 'open' });
});

test('discussions and comments arrive as the Hub sends them', async () => {
  await subscribe({ domains: ['discussion'] });
  const repo = 'ana/talk';
  await createRepo({ ...at(), repo });
  const post = async (path: string, body: unknown = {}) =>
    (await fetch(`${hub.url}/api/models/${repo}/discussions${path}`, {
      method: 'POST',
      headers: { authorization: 'Bearer hf_bob' },
      body: JSON.stringify(body),
    }).then((response) => response.json())) as Record<string, { id: string }>;
  await post('', { title: 'A question', description: 'Why?' });
  const { newMessage } = await post('/1/comment', { comment: '/hubfuse merge' });
  await post(`/1/comment/${newMessage?.id}/edit`, { content: '/hubfuse plan' });
  await post(`/1/comment/${newMessage?.id}/hide`);
  await post('/1/title', { title: 'Another question' });
  await post('/1/status', { status: 'closed', comment: 'Done.' });
  await until(() => received.length === 7);
  const bodies = received.map(({ body }): Record<string, unknown> => body);
  expect(
    received.map(({ body: { event, comment } }) => [
      event.scope,
      event.action,
      (comment as { content?: string } | undefined)?.content,
    ]),
  ).toEqual([
    ['discussion', 'create', 'Why?'],
    ['discussion.comment', 'create', '/hubfuse merge'],
    ['discussion.comment', 'update', '/hubfuse plan'],
    ['discussion.comment', 'update', undefined],
    ['discussion', 'update', undefined],
    ['discussion.comment', 'create', 'Done.'],
    ['discussion', 'update', undefined],
  ]);
  expect(bodies[3]?.comment).toMatchObject({ id: newMessage?.id, hidden: true });
  const web = `${hub.url}/${repo}/discussions/1`;
  expect(bodies[1]).toMatchObject({
    repo: { type: 'model', name: repo },
    discussion: {
      num: 1,
      title: 'A question',
      status: 'open',
      isPullRequest: false,
      url: { web, api: `${hub.url}/api/models/${repo}/discussions/1` },
    },
    comment: { id: newMessage?.id, hidden: false, url: { web: `${web}#${newMessage?.id}` } },
  });
  // The head of main is told with repository scopes only.
  expect(received.filter(({ body }) => body.repo.headSha !== undefined)).toEqual([]);
});

test('a changed setting says what it is now', async () => {
  await subscribe({ domains: ['repo'] });
  await createRepo({ ...at(), repo: 'ana/model' });
  await fetch(`${hub.url}/api/models/ana/model/settings`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ private: true }),
  });
  await until(() => received.length === 2);
  expect(received[1]?.body).toMatchObject({ event: { scope: 'repo.config' }, updatedConfig: { private: true } });
});

test('what became of each delivery is listed, and one can be sent again as it was', async () => {
  const { webhook } = (await subscribe({})) as { webhook: { id: string } };
  const call = async (path: string, method = 'GET', token = accessToken) => {
    const response = await fetch(`${hub.url}/api/settings/webhooks/${webhook.id}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: response.status, body: (await response.json()) as { deliveries: Record<string, unknown>[] } };
  };
  answers = [500];
  await createRepo({ ...at(), repo: 'ana/model' });
  await until(() => received.length === 1);
  // The log is written after the answer.
  const [first] = await vi.waitFor(async () => {
    const { deliveries } = (await call('/activity')).body;
    expect(deliveries[0]?.state).toBe('delivered');
    return deliveries;
  });
  expect(first?.attempts).toMatchObject([{ status: 500 }, { status: 200 }]);
  expect(first?.payload).toEqual(received[0]?.body);
  expect((await call(`/activity/${first?.id}/replay`, 'POST', 'hf_bob')).status).toBe(404);
  expect((await call('/activity/0-0/replay', 'POST')).status).toBe(404);
  expect((await call(`/activity/${first?.id}/replay`, 'POST')).body).toMatchObject({ replayOf: first?.id });
  await until(() => received.length === 2);
  expect(received[1]?.body).toEqual(received[0]?.body);
  await vi.waitFor(async () => {
    expect((await call('/activity')).body.deliveries).toMatchObject([{ replayOf: first?.id }, { id: first?.id }]);
  });
  await call('/disable', 'POST');
  expect((await call(`/activity/${first?.id}/replay`, 'POST')).status).toBe(400);
});

test('a failed delivery is tried again and arrives once', async () => {
  await subscribe({});
  answers = [500, 503];
  await createRepo({ ...at(), repo: 'ana/model' });
  await until(() => received.length === 1);
  expect(answers).toEqual([]);
  expect(notices).toEqual([]);
});

test('a delivery that keeps failing is given up with a notice, and the next one is sent', async () => {
  await subscribe({});
  answers = [500, 500, 500];
  await createRepo({ ...at(), repo: 'ana/lost' });
  await createRepo({ ...at(), repo: 'ana/heard' });
  await until(() => received.length === 1 && notices.length === 1);
  expect(received[0]?.body.repo.name).toBe('ana/heard');
  expect(notices[0]).toMatch(/given up after 3 attempts: status 500/);
});

test('an event that a stopped server could not deliver is sent by the next one', async () => {
  await hub.close();
  hub = await start({ attempts: 2, pauseMs: 600_000, timeoutMs: 1000 });
  await subscribe({ url: 'http://127.0.0.1:9/closed' });
  await createRepo({ ...at(), repo: 'ana/model' });
  await hub.close();
  hub = await start({ attempts: 1000, pauseMs: 1, timeoutMs: 1000 });
  const auth = { headers: { authorization: `Bearer ${accessToken}` } };
  const [webhook] = (await (await fetch(`${hub.url}/api/settings/webhooks`, auth)).json()) as { id: string }[];
  const changed = await fetch(`${hub.url}/api/settings/webhooks/${webhook?.id}`, {
    method: 'POST',
    ...auth,
    body: JSON.stringify({ url: address, watched: [] }),
  });
  expect(changed.status).toBe(200);
  await until(() => received.length === 1);
  expect(received[0]?.body.event).toEqual({ action: 'create', scope: 'repo' });
});

test.each([
  [{ url: 'file:///etc/passwd' }, 'url must be an address of http or https'],
  [{ jobSourceId: 'j' }, 'a webhook has a url or a jobSourceId, not both'],
  [{ url: undefined, jobSourceId: 'j' }, 'this server runs no jobs: a webhook needs a url'],
  [{ watched: [] }, 'watched must be a list of what to watch'],
  [{ watched: [{ type: 'model', name: '../x' }] }, 'cannot watch model "../x"'],
  [{ secret: 'line\nbreak' }, 'secret must be printable ASCII'],
  [{ domains: ['weather'] }, 'domains must name "repo", "discussion" or both'],
])('the webhook %j is refused', async (body, error) => {
  expect(await subscribe(body)).toEqual({ error });
});
