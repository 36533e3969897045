import { connect } from 'node:net';
import { createRun, executeRun, type RunEvent } from '@hubfuse/runs';
import { afterEach, expect, test } from 'vitest';
import { makeKey, testServices } from '../test/services.ts';
import { type ApiServer, startServer } from './server.ts';
import { type ApiServices, DEFAULT_BOUNDS } from './services.ts';

const servers: ApiServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(services: ApiServices, options: Parameters<typeof startServer>[1] = {}): Promise<ApiServer> {
  const server = await startServer(services, options);
  servers.push(server);
  return server;
}

/** A run that fails at once, because its models do not exist. */
async function hopelessRun(services: ApiServices): Promise<string> {
  const { store, registry } = services;
  const recipe = services.recipes.parse('merge_method: linear\nmodels: [no/a, no/b]\n');
  const { id } = await createRun({ store, recipe, options: { hubUrl: services.hub.hubUrl } });
  const execute = executeRun({ store, runId: id, registry, hub: services.hub, workspace: '/nowhere' });
  await execute.catch(() => undefined);
  return id;
}

/** Reads a stream until it ends or has said enough. */
async function readStream(response: Response, enough: (text: string) => boolean = () => false): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece as Uint8Array, { stream: true });
    if (enough(text)) break;
  }
  return text;
}

const dataOf = (text: string): RunEvent[] =>
  [...text.matchAll(/^id: \d+\ndata: (.*)$|^data: (.*)\nid: \d+$/gm)].map(
    ([, one = '', other = '']) => JSON.parse(one || other) as RunEvent,
  );

test('it does not listen for others without a key, and does with one', async () => {
  const services = await testServices();
  await expect(startServer(services, { host: '0.0.0.0' })).rejects.toMatchObject({ code: 'service/no-keys' });
  const key = await makeKey(services);
  const { url } = await serve(services, { host: '0.0.0.0' });
  expect((await fetch(`${url}/v1/tasks`)).status).toBe(401);
  expect((await fetch(`${url}/v1/tasks`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(200);
});

test('a port that is taken is said', async () => {
  const { url } = await serve(await testServices());
  const port = Number(new URL(url).port);
  await expect(startServer(await testServices(), { port })).rejects.toMatchObject({ code: 'service/cannot-listen' });
});

test('a run is followed to its end, taken up behind the last event, and over when nothing follows', async () => {
  const services = await testServices();
  const { url } = await serve(services);
  const id = await hopelessRun(services);
  const at = `${url}/v1/runs/${id}/events`;
  const stream = (last?: string) =>
    fetch(at, { headers: { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': last }) } });
  const whole = await readStream(await stream());
  const events = dataOf(whole);
  expect(events.map(({ number }) => number)).toEqual(events.map((_, index) => index + 1));
  expect(events.at(-1)?.type).toBe('failed');
  expect(whole).toMatch(/event: end/);
  const rest = dataOf(await readStream(await stream('1')));
  expect(rest).toEqual(events.slice(1));
  expect((await stream(String(events.length))).status).toBe(204);
  const page = (await (await fetch(`${at}?after=1`)).json()) as { items: RunEvent[]; next: number; ended: boolean };
  expect(page).toEqual({ items: rest, next: events.length, ended: true });
});

test('a stream shows signs of life while nothing happens, and ends when the server stops', async () => {
  const services = await testServices({ heartbeatMs: 20 });
  const server = await serve(services);
  const recipe = services.recipes.parse('merge_method: linear\nmodels: [no/a, no/b]\n');
  const { id } = await createRun({ store: services.store, recipe });
  const response = await fetch(`${server.url}/v1/runs/${id}/events`, { headers: { accept: 'text/event-stream' } });
  let closing: Promise<void> | undefined;
  const text = await readStream(response, (sofar) => {
    if (sofar.includes(': alive\n\n: alive')) closing ??= server.close();
    return false;
  });
  expect(text).toContain(': alive');
  await closing;
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
});

test('requests under way are answered before the server stops', async () => {
  const services = await testServices();
  const list = services.store.list.bind(services.store);
  let release = () => {};
  const asked = new Promise<void>((arrived) => {
    services.store.list = async (...argument) => {
      arrived();
      await new Promise<void>((go) => {
        release = go;
      });
      return list(...argument);
    };
  });
  const server = await serve(services);
  const answer = fetch(`${server.url}/readyz`);
  await asked;
  const closed = server.close();
  release();
  await closed;
  expect((await answer).status).toBe(200);
});

/** Sends bytes as they are and returns what comes back until the connection ends. */
function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.setEncoding('utf8').on('data', (part) => {
      answer += String(part);
    });
    socket.on('end', () => resolve(answer)).on('error', reject);
    socket.setTimeout(20_000, () => socket.destroy(new Error('nothing came')));
  });
}

test('a body that does not come costs its client the connection and nobody else anything', async () => {
  const bounds = { ...DEFAULT_BOUNDS, body: { bytes: 1000, milliseconds: 100 } };
  const { url } = await serve(await testServices({ bounds }));
  const head =
    'POST /v1/plans HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{';
  const answer = await raw(url, head);
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer).toContain('request/too-slow');
  const chunked = head.replace('Content-Length: 500', 'Transfer-Encoding: chunked').replace(/\{$/, '7d0\r\n');
  expect(await raw(url, `${chunked}${'x'.repeat(2000)}\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test('no header of an answer can be made from what a request says', async () => {
  const { url } = await serve(await testServices());
  const get = (path: string, headers: string) =>
    raw(url, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${headers}\r\n`);
  const split = await get('/v1/runs/x%0d%0aSet-Cookie:%20evil=1/artefacts/a%0d%0aEvil:%201', 'X-Request-Id: a\tb\r\n');
  const [head = ''] = split.split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 404 /);
  expect(head.toLowerCase()).not.toMatch(/^(set-cookie|evil):/m);
  expect(head.toLowerCase()).toMatch(/^x-request-id: [0-9a-f-]{36}$/m);
  expect(await get('/v1/tasks', `Bad Header: 1\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
});
