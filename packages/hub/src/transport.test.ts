import { expect, test } from 'vitest';
import type { HubEvent } from './events.ts';
import type { HubOptions } from './options.ts';
import { type Clock, TransientFailure } from './transient.ts';
import { createTransport } from './transport.ts';

const HUB = 'https://hub.example';
const TOKEN = 'hf_averysecrettoken';

/** A Hub of prepared answers, a clock that only counts, and what was seen. */
function stage(answers: (() => Response | Promise<Response>)[], more: Partial<HubOptions> = {}) {
  const requests: { address: string; headers: Headers }[] = [];
  const events: HubEvent[] = [];
  const pauses: number[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    random: () => 1,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      pauses.push(ms);
      now += ms;
    },
  };
  const options: HubOptions = {
    hubUrl: HUB,
    token: TOKEN,
    cacheDir: '/nowhere',
    onProgress: (event) => events.push(event),
    fetch: async (input, init) => {
      requests.push({ address: String(input), headers: new Headers(init?.headers) });
      const answer = answers[Math.min(requests.length, answers.length) - 1];
      if (answer === undefined) throw new Error('no answer prepared');
      return await answer();
    },
    ...more,
  };
  return { transport: createTransport(options, clock), requests, events, pauses };
}

const ok = () => new Response('fine');
const status =
  (code: number, headers = {}) =>
  () =>
    new Response('{}', { status: code, headers });
const refusedConnection = () => {
  throw new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
};

test.each([
  [undefined, /with a token the limits are wider/],
  [TOKEN, /the limits are those of the account/],
])('what to do about too many requests depends on the token (%#)', async (token, hint) => {
  const { transport } = stage([status(429)], { token, retry: { attempts: 1 } });
  await expect(transport.fetch(`${HUB}/api`)).rejects.toMatchObject({
    code: 'hub/rate-limited',
    hint: expect.stringMatching(hint),
  });
});

test('429, 5xx and network errors are tried again and told as events', async () => {
  const { transport, events, pauses } = stage([
    status(503),
    refusedConnection,
    status(429, { 'retry-after': '9' }),
    ok,
  ]);
  const response = await transport.fetch(`${HUB}/api/models/a/b?x=1`);
  expect(await response.text()).toBe('fine');
  expect(pauses).toEqual([500, 1000, 9000]);
  expect(events.map((event) => (event.type === 'retry' ? event.reason : ''))).toEqual(['503', 'ECONNREFUSED', '429']);
});

test('retries end with an error that names what was asked and what to do', async () => {
  const { transport, requests } = stage([status(502)]);
  await expect(transport.fetch(`${HUB}/api/models/a/b`)).rejects.toMatchObject({
    code: 'hub/unavailable',
    where: `GET ${HUB}/api/models/a/b`,
  });
  expect(requests).toHaveLength(6);
  const unreachable = stage([refusedConnection], { retry: { attempts: 2 } });
  await expect(unreachable.transport.fetch(`${HUB}/api`)).rejects.toThrow(/hub.example cannot be reached.*refused/);
});

test('a server that asks to wait too long is not waited for', async () => {
  const { transport, requests } = stage([status(429, { 'retry-after': '3600' })]);
  await expect(transport.fetch(`${HUB}/api`)).rejects.toThrow(/asked too often; it asks to wait 3600 s/);
  expect(requests).toHaveLength(1);
});

test('other refusals are answers, not reasons to ask again', async () => {
  const { transport, requests } = stage([status(404)]);
  expect((await transport.fetch(`${HUB}/api/models/a/b`)).status).toBe(404);
  expect(requests).toHaveLength(1);
});

test('a budget that is used up holds the next request back, though this one succeeded', async () => {
  const { transport, pauses } = stage([() => new Response('', { headers: { ratelimit: '"api";r=0;t=40' } }), ok]);
  await transport.fetch(`${HUB}/api/models/a/b`);
  expect(pauses).toEqual([]);
  await transport.fetch(`${HUB}/a/b/resolve/main/x`);
  expect(pauses).toEqual([]);
  await transport.fetch(`${HUB}/api/models/c/d`);
  expect(pauses).toEqual([40_000]);
});

test('the token goes to its Hub and to no other host', async () => {
  const { transport, requests } = stage([ok]);
  await transport.fetch(`${HUB}/api/models/a/b`);
  await transport.fetch('https://storage.example/file', { headers: { authorization: `Bearer ${TOKEN}` } });
  await transport.fetch('https://hub.example.evil/api', { headers: { authorization: `Bearer ${TOKEN}` } });
  expect(requests.map(({ headers }) => headers.get('authorization'))).toEqual([`Bearer ${TOKEN}`, null, null]);
});

test('no error and no event holds the token', async () => {
  const leaky = () => {
    throw new TypeError(`invalid header: Bearer ${TOKEN}`);
  };
  const { transport, events } = stage([leaky], { retry: { attempts: 2 } });
  const error = await transport.fetch(`${HUB}/api`).catch((failure: Error) => failure);
  expect(error).toBeInstanceOf(Error);
  const shown = [String(error), String((error as Error).cause), (error as Error).stack, JSON.stringify(events)];
  expect(shown.join()).toContain('[token]');
  expect(shown.join()).not.toContain(TOKEN);
});

test('an answer that does not come and a body that stands still are given up', async () => {
  const silent = (_input: unknown, init?: RequestInit) =>
    new Promise<Response>((_resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
    });
  const options = { answerTimeoutMs: 20, stallTimeoutMs: 20, retry: { attempts: 1 } };
  const slow = stage([ok], { ...options, fetch: silent });
  await expect(slow.transport.fetch(`${HUB}/api`)).rejects.toMatchObject({ code: 'hub/timeout' });

  const stuck = () =>
    new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(3)) }));
  const { transport } = stage([stuck], options);
  await expect(transport.fetch(`${HUB}/api`)).rejects.toThrow(/the body stood still/);
});

test('an abort ends a request and a pause with its own reason', async () => {
  const controller = new AbortController();
  const { transport } = stage([status(503)], { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(transport.fetch(`${HUB}/api`)).rejects.toThrow('enough');
});

test('a certificate that is not trusted is no reason to ask again', async () => {
  const untrusted = () => {
    throw new TypeError('fetch failed', {
      cause: Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    });
  };
  const { transport, requests } = stage([untrusted]);
  await expect(transport.fetch(`${HUB}/api`)).rejects.toMatchObject({ code: 'hub/certificate' });
  expect(requests).toHaveLength(1);
});

test('offline, nothing is sent', async () => {
  const { transport, requests } = stage([ok], { offline: true });
  await expect(transport.fetch(`${HUB}/api`)).rejects.toMatchObject({ code: 'hub/offline' });
  expect(requests).toHaveLength(0);
});

test('an attempt that is opened alone reports a transient status as such', async () => {
  const { transport } = stage([status(500)]);
  await expect(transport.open(`${HUB}/api`)).rejects.toBeInstanceOf(TransientFailure);
});

test('redirects of any call are followed to what the Hub may lead to, with the token for the Hub alone', async () => {
  const { transport, requests } = stage([
    status(307, { location: '/api/models/new/name' }),
    status(302, { location: 'https://storage.example/x' }),
    ok,
  ]);
  const response = await transport.fetch(`${HUB}/api/models/old/name`);
  expect(await response.text()).toBe('fine');
  expect(response.url).toBe('https://storage.example/x');
  expect(requests.map(({ address, headers }) => [address, headers.get('authorization')])).toEqual([
    [`${HUB}/api/models/old/name`, `Bearer ${TOKEN}`],
    [`${HUB}/api/models/new/name`, `Bearer ${TOKEN}`],
    ['https://storage.example/x', null],
  ]);
});

test.each(['http://169.254.169.254/latest', 'https://127.0.0.1:8080/v1/keys', 'http://storage.example/x', 'file:///x'])(
  'neither a redirect nor an answer of the Hub leads to %s',
  async (target) => {
    const { transport, requests } = stage([status(302, { location: target })]);
    await expect(transport.fetch(`${HUB}/api/models/a/b`)).rejects.toMatchObject({ code: 'hub/redirect-refused' });
    await expect(transport.open(target)).rejects.toMatchObject({ code: 'hub/redirect-refused' });
    expect(requests).toHaveLength(1);
  },
);

test('what was moved keeps its method and body, and what was posted is read where it led to', async () => {
  const sent: [string, string, string | null][] = [];
  const answers = [
    status(307, { location: '/b' }),
    status(303, { location: '/c' }),
    ok,
    status(302, { location: '/loop' }),
  ];
  const options = {
    hubUrl: HUB,
    cacheDir: '/nowhere',
    fetch: async (input: unknown, init?: RequestInit) => {
      sent.push([new URL(String(input)).pathname, init?.method ?? 'GET', init?.body === undefined ? null : 'body']);
      return (answers[Math.min(sent.length, answers.length) - 1] ?? ok)();
    },
  } as HubOptions;
  const transport = createTransport(options);
  await transport.fetch(`${HUB}/a`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
  expect(sent).toEqual([
    ['/a', 'POST', 'body'],
    ['/b', 'POST', 'body'],
    ['/c', 'GET', null],
  ]);
  await expect(transport.fetch(`${HUB}/loop`)).rejects.toMatchObject({ code: 'hub/redirects' });
});
