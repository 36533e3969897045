import { describe, expect, test } from 'vitest';
import { ask, bearer, makeKey, testServices } from '../test/services.ts';
import { createApp } from './app.ts';
import { docsFiles } from './docs-files.ts';
import { PROBLEM_TYPE } from './http/problem.ts';
import { DEFAULT_BOUNDS } from './services.ts';

const at = 'http://127.0.0.1:8080';

describe('who is let in', () => {
  test('a server on loopback without keys is open to this machine', async () => {
    const app = createApp(await testServices());
    expect((await ask(app, '/v1/methods')).status).toBe(200);
    expect((await ask(app, '/v1/session')).body).toMatchObject({ by: 'nothing', scopes: ['read', 'run', 'admin'] });
  });

  test('a page of elsewhere whose name leads here by its name server is refused', async () => {
    const app = createApp(await testServices());
    const answer = await ask(app, '/v1/methods', { headers: { host: 'evil.example:8080' } });
    expect(answer).toMatchObject({ status: 403, body: { code: 'auth/host' } });
  });

  test('a page of another site cannot change anything on a server without keys', async () => {
    const app = createApp(await testServices());
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const answer = await ask(app, '/v1/session', { method: 'DELETE', headers });
      expect(answer).toMatchObject({ status: 403, body: { code: 'auth/foreign-page' } });
    }
    expect((await ask(app, '/v1/session', { method: 'DELETE', headers: { origin: at } })).status).toBe(204);
  });

  test('as soon as a key exists it is needed', async () => {
    const services = await testServices();
    const app = createApp(services);
    const key = await makeKey(services);
    const answer = await ask(app, '/v1/methods');
    expect(answer).toMatchObject({ status: 401, type: PROBLEM_TYPE, body: { code: 'auth/no-key', status: 401 } });
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    expect((await ask(app, '/v1/methods', { headers: bearer(key) })).status).toBe(200);
    expect((await ask(app, '/v1/methods', { headers: bearer('hfk_other') })).body).toMatchObject({
      code: 'auth/bad-key',
    });
  });

  test('a server that others reach needs a key even where none exists', async () => {
    const app = createApp(await testServices({ loopback: false }));
    expect((await ask(app, '/v1/methods')).status).toBe(401);
    expect((await ask(app, '/healthz')).status).toBe(200);
  });

  test('whoever guesses keys is slowed down', async () => {
    const bounds = { ...DEFAULT_BOUNDS, badKeys: { perSecond: 0.01, burst: 3 } };
    const services = await testServices({ bounds, addressOf: (c) => c.req.header('x-from') ?? '' });
    const app = createApp(services);
    await makeKey(services);
    const guess = (from: string, key: string) =>
      ask(app, '/v1/methods', { headers: { authorization: `Bearer ${key}`, 'x-from': from } });
    for (const key of ['hfk_a', 'hfk_b', 'hfk_c']) expect((await guess('one', key)).status).toBe(401);
    const answer = await guess('one', 'hfk_d');
    expect(answer).toMatchObject({ status: 429, body: { code: 'request/too-many' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await guess('two', 'hfk_d')).status).toBe(401);
  });

  test('whoever guesses locks nobody out that comes from the same address, as through a proxy', async () => {
    const bounds = { ...DEFAULT_BOUNDS, badKeys: { perSecond: 0.01, burst: 1 } };
    const services = await testServices({ bounds, webhookSecret: 'sesame' });
    const app = createApp(services);
    const good = await makeKey(services);
    const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
      ask(app, path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    for (const status of [401, 429]) expect((await post('/v1/session', { key: 'hfk_guess' })).status).toBe(status);
    expect((await post('/v1/session', { key: good })).status).toBe(200);
    expect((await ask(app, '/v1/methods', { headers: bearer(good) })).status).toBe(200);
    const delivery = { event: { action: 'update', scope: 'repo' }, repo: { type: 'model', name: 'a/b' } };
    const told = (secret: string) => post('/v1/webhooks/huggingface', delivery, { 'x-webhook-secret': secret });
    expect((await told('wrong')).status).toBe(429);
    expect((await told('sesame')).status).toBe(202);
  });
});

describe('where nothing is', () => {
  test('another method than the path has is refused with those that it has', async () => {
    const app = createApp(await testServices());
    const answer = await ask(app, '/v1/runs/x/artefacts/onnx/model.onnx', { method: 'PUT' });
    expect(answer).toMatchObject({ status: 405, body: { code: 'request/method' } });
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
    const several = await ask(app, '/v1/recipes/some', { method: 'PATCH' });
    expect(several.headers.get('allow')).toBe('DELETE, GET, HEAD, PUT');
    for (const path of ['/v1/nothing', '/v1/runs/x/y/z', '/v1/runsx']) {
      expect(await ask(app, path, { method: 'PUT' })).toMatchObject({
        status: 404,
        body: { code: 'request/no-route' },
      });
    }
  });
});

describe('sessions of browsers', () => {
  async function signedIn() {
    const services = await testServices();
    const app = createApp(services);
    const key = await makeKey(services, { name: 'reader' });
    const answer = await ask(app, '/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key }),
    });
    const cookie = answer.headers.get('set-cookie') ?? '';
    return { app, services, cookie, pair: cookie.split(';')[0] ?? '', csrf: String(answer.body.csrf) };
  }

  test('a key becomes a cookie that scripts cannot read and other sites cannot use', async () => {
    const { app, cookie, pair } = await signedIn();
    expect(cookie).toMatch(/^hubfuse_session=[\w-]{43}; /);
    expect(cookie).toContain('HttpOnly');
    expect(cookie).toContain('SameSite=Strict');
    expect(cookie).not.toContain('hfk_');
    expect((await ask(app, '/v1/methods', { headers: { cookie: pair } })).status).toBe(200);
    expect((await ask(app, '/v1/session', { headers: { cookie: pair } })).body).toMatchObject({ by: 'session' });
  });

  test('what changes something needs the word against forged requests', async () => {
    const { app, pair, csrf } = await signedIn();
    const end = (headers: Record<string, string>) =>
      ask(app, '/v1/session', { method: 'DELETE', headers: { cookie: pair, ...headers } });
    expect((await end({})).body).toMatchObject({ status: 403, code: 'auth/csrf' });
    expect((await end({ 'x-csrf-token': 'guessed' })).body).toMatchObject({ code: 'auth/csrf' });
    expect((await end({ 'x-csrf-token': csrf, origin: 'https://evil.example' })).body).toMatchObject({
      code: 'auth/foreign-page',
    });
    expect((await end({ 'x-csrf-token': csrf })).status).toBe(204);
    expect((await ask(app, '/v1/methods', { headers: { cookie: pair } })).status).toBe(401);
  });

  test('the cookie is kept nowhere, and a wrong key makes none', async () => {
    const { app, pair } = await signedIn();
    expect((await ask(app, '/v1/methods', { headers: { cookie: `${pair.slice(0, -1)}_` } })).status).toBe(401);
    const wrong = await ask(app, '/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"key": "hfk_wrong"}',
    });
    expect(wrong).toMatchObject({ status: 401, body: { code: 'auth/bad-key' } });
    expect(wrong.headers.get('set-cookie')).toBeNull();
  });
});

describe('what a client may send', () => {
  const post = (
    body: string | ReadableStream,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ): RequestInit => ({
    method: 'POST',
    headers,
    body,
  });

  test('a body that is too large is refused, with its length or without', async () => {
    const bounds = { ...DEFAULT_BOUNDS, body: { bytes: 1000, milliseconds: 1000 } };
    const app = createApp(await testServices({ bounds }));
    const answer = await ask(app, '/v1/plans', post('x'.repeat(1001)));
    expect(answer).toMatchObject({ status: 413, body: { code: 'request/too-large' } });
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('x'.repeat(600))),
    });
    const streamed = await ask(app, '/v1/plans', { ...post(stream), duplex: 'half' } as RequestInit);
    expect(streamed.status).toBe(413);
  });

  test('a body that does not come is not waited for', async () => {
    const bounds = { ...DEFAULT_BOUNDS, body: { bytes: 1000, milliseconds: 50 } };
    const app = createApp(await testServices({ bounds }));
    const never = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{')) });
    const answer = await ask(app, '/v1/plans', { ...post(never), duplex: 'half' } as RequestInit);
    expect(answer).toMatchObject({ status: 408, body: { code: 'request/too-slow' } });
  });

  test.each([
    ['text/plain', 415, 'request/media-type'],
    ['application/x-www-form-urlencoded', 415, 'request/media-type'],
    ['application/json', 400, 'request/malformed'],
  ])('a plan asked for with %s is refused as %i', async (type, status, code) => {
    const app = createApp(await testServices());
    const answer = await ask(app, '/v1/plans', post('{"recipe": ', { 'content-type': type }));
    expect(answer).toMatchObject({ status, type: PROBLEM_TYPE, body: { code } });
  });

  test('a body of another form is refused with the place of the mistake', async () => {
    const app = createApp(await testServices());
    const answer = await ask(app, '/v1/plans', post('{"recipe": 1}'));
    expect(answer.body).toMatchObject({ status: 422, code: 'request/invalid', pointer: '/recipe' });
    const both = await ask(app, '/v1/plans', post('{"recipe": "a", "stored": "b"}'));
    expect(both.body).toMatchObject({ status: 422, code: 'request/no-recipe' });
  });

  test('everything that is wrong with a recipe comes with code, place and hint', async () => {
    const app = createApp(await testServices());
    const recipe = 'merge_method: tis\nmodels: [a/b, c/d]\nsed: 1\n';
    const answer = await ask(app, '/v1/plans', post(recipe, { 'content-type': 'application/yaml' }));
    expect(answer.body).toMatchObject({
      status: 422,
      code: 'recipe/unknown-method',
      pointer: '/merge_method',
      hint: expect.stringContaining('did you mean ties?'),
      errors: [{ line: 1 }, { code: 'recipe/unknown-key', pointer: '/sed', line: 3 }],
    });
  });

  test('a recipe over HTTP names nothing of the machine that serves it', async () => {
    const app = createApp(await testServices());
    const recipe = { merge_method: 'linear', models: ['/etc', '../secrets'] };
    const answer = await ask(app, '/v1/plans', post(JSON.stringify({ recipe })));
    expect(answer.status).toBe(422);
    expect(answer.text).not.toContain('root:');
    expect(answer.body.pointer).toBe('/models/0');
  });

  test('a token that is none is not repeated', async () => {
    const app = createApp(await testServices());
    const headers = { 'content-type': 'application/yaml', 'x-hf-token': 'my-password' };
    const answer = await ask(app, '/v1/plans', post('merge_method: linear\nmodels: [a/b, c/d]\n', headers));
    expect(answer.body).toMatchObject({ status: 400, code: 'auth/hub-token' });
    expect(answer.text).not.toContain('my-password');
  });

  test('whoever asks too often has to wait', async () => {
    const bounds = { ...DEFAULT_BOUNDS, rate: { perSecond: 0.01, burst: 2 } };
    const app = createApp(await testServices({ bounds }));
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await ask(app, '/v1/tasks')).status);
    expect(statuses).toEqual([200, 200, 429]);
  });
});

describe('every answer', () => {
  test('carries strict headers and the name of the request', async () => {
    const app = createApp(await testServices());
    const answer = await ask(app, '/v1/tasks', { headers: { 'x-request-id': 'mine-1' } });
    expect(answer.headers.get('x-request-id')).toBe('mine-1');
    expect(answer.headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    const other = await ask(app, '/v1/tasks', { headers: { 'x-request-id': 'a b' } });
    expect(other.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('names other origins only where they were set', async () => {
    const app = createApp(await testServices({ cors: ['https://pages.example'] }));
    const preflight = await ask(app, '/v1/tasks', {
      method: 'OPTIONS',
      headers: { origin: 'https://pages.example', 'access-control-request-method': 'GET' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://pages.example');
    const foreign = await ask(app, '/v1/tasks', { headers: { origin: 'https://evil.example' } });
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('a fault says nothing of itself, and the server is told', async () => {
    const faults: unknown[] = [];
    const services = await testServices({ onFault: (error) => faults.push(error) });
    services.registry.list = () => {
      throw new Error('the password is sesame');
    };
    const answer = await ask(createApp(services), '/v1/tasks');
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal/error', title: 'Internal Server Error' } });
    expect(answer.text).not.toContain('sesame');
    expect(faults).toHaveLength(1);
  });

  test('a path that leads nowhere is a problem too', async () => {
    const app = createApp(await testServices());
    expect(await ask(app, '/v2/runs')).toMatchObject({ status: 404, type: PROBLEM_TYPE });
  });
});

describe('what the service says about itself', () => {
  test('the document is OpenAPI 3.1 and its page loads nothing from elsewhere', async () => {
    const app = createApp(await testServices({ docs: await docsFiles() }));
    const { body } = await ask(app, '/openapi.json');
    expect(body).toMatchObject({ openapi: '3.1.0', info: { title: 'hubfuse' } });
    const page = await ask(app, '/docs');
    const sources = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source);
    expect(sources).toEqual(['data:,', 'docs/swagger-ui.css', 'docs/swagger-ui-bundle.js', 'docs/start.js']);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self';");
    // The policy lets no script run that stands in the page.
    expect(page.text).not.toMatch(/<script>|\son\w+=/);
    for (const source of ['/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js', '/docs/start.js']) {
      expect((await ask(app, source)).status).toBe(200);
    }
  });

  test('figures come in the format of Prometheus, by route and not by path', async () => {
    const app = createApp(await testServices());
    await ask(app, '/v1/tasks');
    await ask(app, '/v1/runs/one/events');
    await ask(app, '/v1/runs/two/events');
    const { text, type } = await ask(app, '/metrics');
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toContain('hubfuse_http_requests_total{method="GET",route="/v1/tasks",status="200"} 1');
    expect(text).toContain('hubfuse_http_requests_total{method="GET",route="/v1/runs/:id/events",status="404"} 2');
    expect(text).toMatch(/^process_resident_memory_bytes [1-9]/m);
    for (const line of text.trim().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]*\})? [-+\d.e]+)$/);
    }
  });

  test('it is ready while its store answers and it is not stopping', async () => {
    const stopping = new AbortController();
    const services = await testServices({ stopping: stopping.signal });
    const app = createApp(services);
    expect((await ask(app, '/readyz')).status).toBe(200);
    stopping.abort();
    expect(await ask(app, '/readyz')).toMatchObject({ status: 503, body: { code: 'service/not-ready' } });
    expect((await ask(app, '/healthz')).status).toBe(200);
  });
});
