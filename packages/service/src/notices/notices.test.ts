import { createHmac } from 'node:crypto';
import { notePublication } from '@hubfuse/runs';
import { describe, expect, test } from 'vitest';
import { pushTo } from '../../test/payloads.ts';
import { setReport, setState, specsOf } from '../../test/runs.ts';
import { testServices } from '../../test/services.ts';
import { receiveHubEvent } from '../events/receive-hub-event.ts';
import { workOffInbox } from '../events/work-off-inbox.ts';
import { startRun } from '../starting/start-run.ts';
import { attendRuns } from './attend-runs.ts';
import { sendNotices } from './send-notices.ts';

const text = 'merge_method: linear\nmodels: [ns/x, ns/y]\npublish: {hub: {repo: you/merged, as: pull_request}}\n';
const webhook = { url: 'http://receiver.test/hook', secret: 'notice secret' };

interface Delivery {
  url: string;
  headers: Headers;
  body: string;
  redirect: string | undefined;
}

async function noticing(settingsOfServices: { publicUrl?: string } = {}) {
  const opened = await testServices('memory', settingsOfServices);
  const { services, hub } = opened;
  for (const model of ['ns/x', 'ns/y']) hub.addModel(model);
  hub.discussions.set('you/merged#4', []);
  await services.recipes.put({ name: 'r', text });
  const received: Delivery[] = [];
  /** Statuses of the next answers; then 200. */
  const statuses: number[] = [];
  const fetchStub: typeof fetch = async (input, init) => {
    received.push({
      url: String(input),
      headers: new Headers(init?.headers),
      body: String(init?.body),
      redirect: init?.redirect,
    });
    return new Response(null, { status: statuses.shift() ?? 200, headers: { location: 'http://elsewhere.test/' } });
  };
  const settings = { webhook, fetch: fetchStub };
  const attend = async (): Promise<void> => {
    await attendRuns(services, settings);
    await sendNotices(services, settings);
  };
  const begin = async () => (await startRun(services, { recipe: { name: 'r' } })).id;
  const comments = () => hub.comments.map(({ text: said }) => said);
  return { ...opened, received, statuses, attend, begin, comments };
}

const published = (number: number) => [
  {
    publisher: 'hub',
    url: `http://hub.test/you/merged/discussions/${number}`,
    revision: 'a',
    already: false,
    as: 'pull_request',
  },
];
const gate = { condition: 'mean > base', met: false, comparisons: [], explanation: 'mean 0.5 > base 0.6: not met' };

describe('the end of a run', () => {
  test('leads to its page where people reach the service', async () => {
    const { services, attend, begin, comments } = await noticing({ publicUrl: 'https://hubfuse.example/' });
    const id = await begin();
    await setState(services.store, id, { status: 'done' });
    await setReport(services.store, id, { published: published(4) });
    await attend();
    expect(comments().join()).toContain(`[The run](https://hubfuse.example/#/runs/${id})`);
  });

  test('is told by a signed message, once, and by a comment on the pull request that it made', async () => {
    const { services, attend, begin, received, comments, hub } = await noticing();
    const id = await begin();
    await attend();
    expect(received).toEqual([]);
    await setState(services.store, id, { status: 'done' });
    await setReport(services.store, id, { published: published(4) });
    await attend();
    await attend();
    expect(received).toHaveLength(1);
    const [{ url, headers, body, redirect } = { url: '', headers: new Headers(), body: '', redirect: '' }] = received;
    expect([url, redirect]).toEqual([webhook.url, 'manual']);
    const signed = `${headers.get('x-hubfuse-timestamp')}.${body}`;
    const digest = createHmac('sha256', webhook.secret).update(signed).digest('hex');
    expect(headers.get('x-hubfuse-signature')).toBe(`sha256=${digest}`);
    expect(JSON.parse(body)).toMatchObject({
      format: 1,
      event: 'run.done',
      run: { id, state: 'done' },
      published: published(4),
    });
    expect(comments()).toHaveLength(1);
    expect(hub.comments[0]).toMatchObject({ repo: 'you/merged', number: 4 });
    expect(comments()[0]).toContain(
      `The run \`${id}\` of the recipe \`r\` is done: http://hub.test/you/merged/discussions/4`,
    );
  });

  test('that its gate kept from being published is told with the figures, where the last one opened a pull request', async () => {
    const { services, attend, begin, received, comments } = await noticing();
    const first = await begin();
    const at = '2026-11-30T00:00:00Z';
    const known = { repo: 'you/merged', sha: 'a'.repeat(40), url: published(4)[0]?.url ?? '', at };
    await notePublication(services.store, { ...known, run: first, recipe: 'r', as: 'pull_request' });
    const second = await begin();
    await setState(services.store, second, { status: 'done' });
    const scores = {
      ...{ task: 't', metric: 'accuracy', datasets: [{ name: 'd', domain: 'in', examples: {} }] },
      rows: [{ name: 'm', role: 'merged', dev: { datasets: { d: 0.5 }, mean: 0.5 } }],
    };
    await setReport(services.store, second, { gate, scores });
    await attend();
    expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({ event: 'run.gate_not_met', gate, scores });
    expect(comments()[0]).toContain('is done and not published: its gate is not met.');
    expect(comments()[0]).toContain('mean 0.5 > base 0.6: not met');
    expect(comments()[0]).toContain('| merged | 50.00 % | 50.00 % |');
  });

  test('that failed is told with its error, and a retry that ends differently is told again', async () => {
    const { services, attend, begin, received } = await noticing();
    const id = await begin();
    await setState(services.store, id, { status: 'failed', error: { name: 'X', code: 'merge/x', message: 'no' } });
    await attend();
    expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({
      event: 'run.failed',
      error: { code: 'merge/x', message: 'no' },
    });
  });

  test('of a pull request is told on it', async () => {
    const { services, hub, attend, comments } = await noticing();
    hub.discussions.set('ns/x#7', []);
    await services.recipes.put({ name: 'r', text: `${text}trigger: {pull_requests: true}\n` });
    await receiveHubEvent(services, pushTo({ repo: 'ns/x', ref: 'refs/pr/7', number: 1 }));
    await workOffInbox(services);
    const [{ id } = { id: '' }] = await specsOf(services.store);
    await setState(services.store, id, { status: 'done' });
    await setReport(services.store, id, { gate: { ...gate, met: true } });
    await attend();
    expect(hub.comments).toMatchObject([{ repo: 'ns/x', number: 7 }]);
    expect(comments()[0]).toContain('is done; it publishes nothing.');
  });
});

test('a message that fails is sent again after longer and longer pauses, a redirect is a failure, and in the end it is noted', async () => {
  const { services, attend, begin, received, statuses, clock } = await noticing();
  statuses.push(500, 302, ...Array.from({ length: 20 }, () => 503));
  const id = await begin();
  await setState(services.store, id, { status: 'failed' });
  await attend();
  await attend();
  expect(received).toHaveLength(1);
  clock.now += 5_000;
  await attend();
  expect(received).toHaveLength(2);
  clock.now += 5_000;
  await attend();
  expect(received).toHaveLength(2);
  for (let wait = 0; wait < 20; wait++) {
    clock.now += 3_600_000;
    await attend();
  }
  expect(received).toHaveLength(10);
  expect(new Set(received.map(({ headers }) => headers.get('x-hubfuse-delivery'))).size).toBe(1);
  expect(new Set(received.map(({ url }) => url))).toEqual(new Set([webhook.url]));
  expect(await services.recipes.notes.list('r')).toMatchObject([{ code: 'notice/undelivered' }]);
});

test('a comment that the Hub took without an answer is not written twice', async () => {
  const { services, hub, attend, begin, comments, clock } = await noticing();
  const id = await begin();
  await setState(services.store, id, { status: 'done' });
  await setReport(services.store, id, { published: published(4) });
  const lose = hub.loseAnswers;
  lose.comments = 1;
  await attend();
  clock.now += 3_600_000;
  await attend();
  expect(comments()).toHaveLength(1);
});
