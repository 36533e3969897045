import { join } from 'node:path';
import { listAll } from '@hubfuse/objects';
import { startRun } from '@hubfuse/service';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from '../../functions/api/src/app.ts';
import { makeKey, testServices } from '../../functions/api/test/services.ts';
import { startTestHub, type TestHub } from '../hub/test-hub.ts';
import { DescribedAnswers } from './described-answers.ts';
import { type OpenApiDocument, requestsOf } from './openapi-requests.ts';
import { REQUESTS } from './settings.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
  const files = { 'config.json': '{}', 'model.safetensors': 'no weights' };
  for (const repo of ['one/a', 'one/b']) await hub.commit(repo, files);
  await hub.commit('two/private', files, { private: true });
});
afterAll(() => hub.close());

test(`${REQUESTS} requests made from the document find no fault and no answer that it does not describe`, async () => {
  const faults: unknown[] = [];
  const services = await testServices({
    hub: { hubUrl: hub.url, cacheDir: join(hub.root, 'cache'), token: 'hf_owner', retry: { attempts: 1 } },
    bounds: {
      body: { bytes: 64 * 1024, milliseconds: 5000 },
      rate: { perSecond: 1e6, burst: 1e6 },
      badKeys: { perSecond: 1e6, burst: 1e6 },
      streams: 100,
      plans: 4,
    },
    onFault: (error) => faults.push(error),
  });
  const app = createApp(services);
  const document = (await (await app.request('http://127.0.0.1/openapi.json')).json()) as OpenApiDocument;
  const described = new DescribedAnswers(document);
  const text = 'merge_method: linear\nmodels: [one/a, one/b]\n';
  const { id } = await startRun(services, { recipe: { text } });
  await services.recipes.put({ name: 'stored', text });
  const keys = {
    admin: await makeKey(services, { name: 'admin', scopes: ['admin'], namespaces: ['*'] }),
    run: await makeKey(services, { name: 'run', scopes: ['run'], namespaces: ['one'] }),
    read: await makeKey(services, { name: 'read', scopes: ['read'] }),
  };
  const who = fc.constantFrom('admin', 'admin', 'run', 'read', 'wrong', 'none');
  const known = { id: [id, 'nothing'], name: ['stored', 'new-one'], path: ['model.safetensors', 'a/../b'] };
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(requestsOf(document, known), who, async ({ method, route, path, headers, body }, asker) => {
      const key = asker === 'wrong' ? 'hfk_wrong' : keys[asker as keyof typeof keys];
      const response = await app.request(`http://127.0.0.1${path}`, {
        method,
        headers: {
          ...(route === '/v1/webhooks/huggingface' && asker === 'admin' ? { 'x-webhook-secret': 'sesame' } : headers),
          ...(headers['content-type'] === undefined ? {} : { 'content-type': headers['content-type'] }),
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        ...(body === undefined ? {} : { body }),
      });
      const answer = { method, route, status: response.status, text: await response.text() };
      statuses.add(answer.status);
      const type = response.headers.get('content-type') ?? '';
      expect(described.problemOf({ ...answer, type })).toBeUndefined();
      expect(answer.status, `${method} ${path}`).toBeLessThan(500);
    }),
    // A few hundred requests at random need not meet every status, hence a seed for them.
    { numRuns: REQUESTS, endOnFailure: true, ...(REQUESTS < 1000 ? { seed: 9 } : {}) },
  );
  expect(faults).toEqual([]);
  // Otherwise the requests would only ever be refused.
  for (const status of [200, 201, 401, 403, 404, 422]) expect([...statuses]).toContain(status);
  // What a request names never becomes a place outside of what the service keeps.
  for await (const path of listAll(services.store, '')) expect(path).toMatch(/^(runs|service|sessions|index)\//);
}, 600_000);

test('an answer that is not described is found', async () => {
  const app = createApp(await testServices());
  const document = (await (await app.request('http://127.0.0.1/openapi.json')).json()) as OpenApiDocument;
  const described = new DescribedAnswers(document);
  const answer = { method: 'GET', route: '/v1/tasks', status: 200, type: 'application/json', text: '{"items": []}' };
  expect(described.problemOf(answer)).toBeUndefined();
  expect(described.problemOf({ ...answer, status: 418 })).toContain('the status is not described');
  expect(described.problemOf({ ...answer, type: 'text/html' })).toContain('the type "text/html" is not described');
  expect(described.problemOf({ ...answer, text: '{"items": [{"name": 1}]}' })).toContain('GET /v1/tasks 200');
});
