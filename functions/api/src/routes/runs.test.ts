import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HubServer, importFolder, startHubServer } from '@hubfuse/hub-server';
import { toJson } from '@hubfuse/objects';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, bearer, makeKey, testServices } from '../../test/services.ts';
import { createApp } from '../app.ts';

let folder: string;
let hub: HubServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-api-'));
  const model = join(folder, 'model');
  await mkdir(model);
  await writeFile(join(model, 'config.json'), '{}');
  for (const repo of ['ana/a', 'ana/b']) await importFolder({ root: join(folder, 'hub'), repo, folder: model });
  await importFolder({ root: join(folder, 'hub'), repo: 'ana/private', folder: model, private: true });
  hub = await startHubServer({ folder: join(folder, 'hub') });
});
afterAll(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

const RECIPE = 'name: support\nmerge_method: linear\nmodels: [ana/a, ana/b]\n';
const yaml = { 'content-type': 'application/yaml' };
const json = { 'content-type': 'application/json' };

async function service() {
  const services = await testServices({
    hub: { hubUrl: hub.url, cacheDir: join(folder, 'cache'), token: 'hf_ana', retry: { attempts: 1 } },
  });
  const app = createApp(services);
  const start = (headers: Record<string, string> = {}, recipe = RECIPE) =>
    ask(app, '/v1/runs', { method: 'POST', headers: { ...yaml, ...headers }, body: recipe });
  return { services, app, start };
}

describe('starting a run', () => {
  test('the run waits, says where it is, and who asked', async () => {
    const { app, start, services } = await service();
    const key = await makeKey(services, { scopes: ['run'] });
    const answer = await start(bearer(key));
    expect(answer).toMatchObject({ status: 201, body: { name: 'support', state: 'queued', recipe: RECIPE } });
    const [known] = await services.keys.list();
    expect(answer.body.origin).toMatchObject({ trigger: 'http', key: known?.id, ancestry: [] });
    const shown = await ask(app, String(answer.headers.get('location')), { headers: bearer(key) });
    expect(shown.body).toEqual(answer.body);
    const { body } = await ask(app, '/v1/runs', { headers: bearer(key) });
    expect(body.items).toMatchObject([{ id: answer.body.id, state: 'queued', models: ['ana/a', 'ana/b'] }]);
  });

  test('a recipe comes as YAML, as a text in JSON, or as JSON', async () => {
    const { app } = await service();
    const recipe = { merge_method: 'linear', models: ['ana/a', 'ana/b'] };
    for (const body of [{ recipe }, { recipe: RECIPE }, { recipe: JSON.stringify(recipe), seed: 7 }]) {
      const init = { method: 'POST', headers: json, body: JSON.stringify(body) };
      expect((await ask(app, '/v1/runs', init)).status).toBe(201);
    }
  });

  test('a request that is repeated under its idempotency key makes one run', async () => {
    const { start } = await service();
    const first = await start({ 'idempotency-key': 'one' });
    const again = await start({ 'idempotency-key': 'one' });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body.id).toBe(first.body.id);
    expect((await start({ 'idempotency-key': 'two' })).body.id).not.toBe(first.body.id);
    const other = await start({ 'idempotency-key': 'one' }, RECIPE.replace('support', 'other'));
    expect(other).toMatchObject({ status: 409, body: { code: 'service/idempotency-key' } });
  });

  test('a key without the scope may look and not start', async () => {
    const { app, start, services } = await service();
    const reader = bearer(await makeKey(services, { scopes: ['read'] }));
    expect(await start(reader)).toMatchObject({ status: 403, body: { code: 'auth/scope' } });
    expect((await ask(app, '/v1/runs', { headers: reader })).status).toBe(200);
    expect(await ask(app, '/v1/keys', { headers: reader })).toMatchObject({ status: 403 });
  });

  test('a key starts as many runs a day as it may', async () => {
    const { start, services } = await service();
    const key = bearer(await makeKey(services, { scopes: ['run'], runsPerDay: 1 }));
    expect((await start(key)).status).toBe(201);
    const refused = await start(key);
    expect(refused).toMatchObject({ status: 429, body: { code: 'service/runs-per-day' } });
    expect(refused.headers.get('retry-after')).not.toBeNull();
  });
});

describe('what a key may not see is as if it were not there', () => {
  test("another key's run of a private repository, in every way to ask for it", async () => {
    const { app, start, services } = await service();
    const ana = bearer(await makeKey(services, { scopes: ['run'], namespaces: ['ana'] }));
    const eve = bearer(await makeKey(services, { scopes: ['run'] }));
    const recipe = 'merge_method: linear\nmodels: [ana/private, ana/a]\n';
    const { body } = await start(ana, recipe);
    const at = `/v1/runs/${String(body.id)}`;
    expect((await ask(app, at, { headers: ana })).status).toBe(200);
    for (const path of ['', '/events', '/logs', '/report', '/artefacts', '/artefacts/model.safetensors']) {
      const answer = await ask(app, `${at}${path}`, { headers: eve });
      expect(answer, path).toMatchObject({ status: 404, body: { code: 'run/unknown' } });
      const absent = await ask(app, `/v1/runs/nothing${path}`, { headers: eve });
      expect(Object.keys(absent.body)).toEqual(Object.keys(answer.body));
    }
    expect((await ask(app, `${at}/cancel`, { method: 'POST', headers: eve })).status).toBe(404);
    expect((await ask(app, '/v1/runs', { headers: eve })).body.items).toEqual([]);
    for (const path of ['/v1/runs', '/v1/plans']) {
      const refused = await ask(app, path, { method: 'POST', headers: { ...yaml, ...eve }, body: recipe });
      expect(refused).toMatchObject({ status: 403, body: { code: 'service/private-repo' } });
      const absent = await ask(app, path, {
        method: 'POST',
        headers: { ...yaml, ...eve },
        body: recipe.replace('ana/private', 'ana/nothing'),
      });
      expect(absent.text.replaceAll('nothing', 'private').replace(String(absent.body.instance), '')).toBe(
        refused.text.replace(String(refused.body.instance), ''),
      );
    }
  });

  test('a key publishes to its namespaces alone', async () => {
    const { start, services } = await service();
    const key = bearer(await makeKey(services, { scopes: ['run'], namespaces: ['eve'] }));
    const answer = await start(key, `${RECIPE}publish: {hub: ana/merged}\n`);
    expect(answer).toMatchObject({ status: 403, body: { code: 'service/namespace' } });
  });

  test("another key's run of public repositories can be seen and not be steered", async () => {
    const { app, start, services } = await service();
    const ana = bearer(await makeKey(services, { scopes: ['run'] }));
    const eve = bearer(await makeKey(services, { scopes: ['run'] }));
    const { body } = await start(ana);
    const at = `/v1/runs/${String(body.id)}`;
    expect((await ask(app, at, { headers: eve })).status).toBe(200);
    const cancel = (headers: Record<string, string>) => ask(app, `${at}/cancel`, { method: 'POST', headers });
    expect(await cancel(eve)).toMatchObject({ status: 403, body: { code: 'auth/not-yours' } });
    expect((await cancel(ana)).status).toBe(202);
  });
});

describe('what a run leaves behind', () => {
  /** A run that is done, with a folder and an object. */
  async function done() {
    const parts = await service();
    const { body } = await parts.start();
    const id = String(body.id);
    const out = join(folder, id);
    await mkdir(join(out, 'onnx'), { recursive: true });
    await writeFile(join(out, 'model.safetensors'), '0123456789');
    await writeFile(join(out, 'onnx', 'model.onnx'), 'graph');
    await writeFile(join(folder, 'secret.txt'), 'secret');
    const { store } = parts.services;
    await store.put(`runs/${id}/search/report.html`, new TextEncoder().encode('<script>alert(1)</script>'));
    const state = JSON.parse(new TextDecoder().decode((await store.get(`runs/${id}/state.json`))?.body));
    state.value.artefacts = [
      { name: 'model', kind: 'folder', location: out },
      { name: 'search: report', kind: 'object', location: `runs/${id}/search/report.html` },
      { name: 'not ours', kind: 'object', location: 'service/other/x.json' },
    ];
    await store.put(`runs/${id}/state.json`, new TextEncoder().encode(JSON.stringify(state)));
    await store.put('service/other/x.json', toJson({ secret: true }));
    return { ...parts, id, out, at: `/v1/runs/${id}/artefacts` };
  }

  test('files are listed, and read in whole or in part', async () => {
    const { app, at } = await done();
    const { body } = await ask(app, at);
    const paths = (body.items as { path: string; url: string }[]).map(({ path }) => path);
    expect(paths).toEqual(['model.safetensors', 'onnx/model.onnx', 'search/report.html']);
    for (const { url } of body.items as { url: string }[]) expect((await ask(app, url)).status).toBe(200);
    const read = (range?: string) =>
      ask(app, `${at}/model.safetensors`, range === undefined ? {} : { headers: { range } });
    expect(await read()).toMatchObject({ status: 200, text: '0123456789' });
    expect(await read('bytes=2-4')).toMatchObject({ status: 206, text: '234' });
    expect((await read('bytes=2-4')).headers.get('content-range')).toBe('bytes 2-4/10');
    expect(await read('bytes=-3')).toMatchObject({ status: 206, text: '789' });
    expect(await read('bytes=8-100')).toMatchObject({ status: 206, text: '89' });
    expect(await read('bytes=10-')).toMatchObject({ status: 416, body: { code: 'request/range' } });
    expect(await read('bytes=0-1,3-4')).toMatchObject({ status: 200 });
    expect((await ask(app, `${at}/onnx/model.onnx`)).text).toBe('graph');
  });

  test('files that are kept in the store are those that the list of the run names, checked sums and all', async () => {
    const { app, at, id, services, out } = await done();
    const { store } = services;
    const content = new TextEncoder().encode('kept weights');
    const key = `runs/${id}/files/one/weights/model.safetensors`;
    await store.put(key, content);
    await store.put(`runs/${id}/files/two/weights/model.safetensors`, new TextEncoder().encode('of a lost attempt'));
    const file = { size: content.length, sha256: 'ab'.repeat(32) };
    const files = [
      { path: 'weights/model.safetensors', key, ...file },
      { path: 'elsewhere.json', key: 'service/other/x.json', ...file },
      { path: 'gone.bin', key: `runs/${id}/files/one/gone.bin`, ...file },
    ];
    await store.put(`runs/${id}/files/one.json`, toJson({ files }));
    const state = JSON.parse(new TextDecoder().decode((await store.get(`runs/${id}/state.json`))?.body));
    state.value.artefacts.push({ name: 'files in the store', kind: 'files', location: `runs/${id}/files/one.json` });
    await store.put(`runs/${id}/state.json`, new TextEncoder().encode(JSON.stringify(state)));
    await rm(out, { recursive: true });
    const { body } = await ask(app, at);
    expect((body.items as { path: string }[]).map(({ path }) => path)).toEqual([
      'gone.bin',
      'search/report.html',
      'weights/model.safetensors',
    ]);
    const read = await ask(app, `${at}/weights/model.safetensors`, { headers: { range: 'bytes=5-' } });
    expect(read).toMatchObject({ status: 206, text: 'weights' });
    expect(read.headers.get('etag')).toBe(`"${file.sha256}"`);
    // Removed behind the list: an answer that breaks off, and none that ends as if it were whole.
    await expect(ask(app, `${at}/gone.bin`)).rejects.toThrow();
    expect((await ask(app, `${at}/elsewhere.json`)).status).toBe(404);
  });

  test('no path leads out of what the run made', async () => {
    const { app, at, out } = await done();
    const tries = [
      '../secret.txt',
      '..%2fsecret.txt',
      '%2e%2e/secret.txt',
      '..%5csecret.txt',
      `${encodeURIComponent(out)}/model.safetensors`,
      'onnx/../../secret.txt',
      'state.json',
      '../../../service/other/x.json',
      'model.safetensors%00.txt',
      '',
    ];
    for (const path of tries) {
      const { status, text } = await ask(app, `${at}/${path}`);
      expect(status, path).toBe(404);
      expect(text).not.toContain('"secret"');
    }
  });

  test('a page that a run made reaches nothing, and a file that is none is saved', async () => {
    const { app, at } = await done();
    const page = await ask(app, `${at}/search/report.html`);
    expect(page.headers.get('content-security-policy')).toMatch(/^sandbox allow-scripts; default-src 'none'/);
    const weights = await ask(app, `${at}/model.safetensors`);
    expect(weights.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''model.safetensors");
    expect(weights.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});

describe('stored recipes', () => {
  const put = (headers: Record<string, string> = {}, body = RECIPE): RequestInit => ({
    method: 'PUT',
    headers: { ...yaml, ...headers },
    body,
  });

  test('nobody overwrites a change that they have not seen', async () => {
    const { app } = await service();
    const made = await ask(app, '/v1/recipes/support', put());
    expect(made).toMatchObject({ status: 201, body: { name: 'support', text: RECIPE, method: 'linear', notes: [] } });
    const etag = String(made.headers.get('etag'));
    expect(await ask(app, '/v1/recipes/support', put())).toMatchObject({
      status: 428,
      body: { code: 'request/condition-required' },
    });
    const changed = await ask(app, '/v1/recipes/support', put({ 'if-match': etag }, `${RECIPE}seed: 1\n`));
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(etag);
    expect(await ask(app, '/v1/recipes/support', put({ 'if-match': etag }))).toMatchObject({
      status: 412,
      body: { code: 'service/etag-mismatch' },
    });
    expect((await ask(app, '/v1/recipes/support', put({ 'if-match': '*' }))).status).toBe(200);
    expect((await ask(app, '/v1/recipes/new', put({ 'if-match': '*' }))).status).toBe(412);
    expect((await ask(app, '/v1/recipes/support', put({ 'if-none-match': '*' }))).status).toBe(412);
    const remove = (headers: Record<string, string>) => ask(app, '/v1/recipes/support', { method: 'DELETE', headers });
    expect((await remove({ 'if-match': etag })).status).toBe(412);
    expect((await remove({})).status).toBe(204);
    expect((await ask(app, '/v1/recipes/support')).status).toBe(404);
  });

  test('they are listed page by page with their last runs, and started by name', async () => {
    const { app } = await service();
    for (const name of ['a', 'b', 'c']) await ask(app, `/v1/recipes/${name}`, put());
    const init = { method: 'POST', headers: json, body: '{"stored": "b"}' };
    const run = await ask(app, '/v1/runs', init);
    expect(run.body.origin).toMatchObject({ recipe: { name: 'b' } });
    const first = await ask(app, '/v1/recipes?limit=2');
    expect(first.body.items).toMatchObject([
      { name: 'a' },
      { name: 'b', lastRun: { id: run.body.id, state: 'queued' } },
    ]);
    const rest = await ask(app, `/v1/recipes?limit=2&cursor=${String(first.body.next)}`);
    expect(rest.body).toMatchObject({ items: [{ name: 'c' }] });
    expect(rest.body.next).toBeUndefined();
    expect((await ask(app, '/v1/runs?recipe=b')).body.items).toHaveLength(1);
    expect((await ask(app, '/v1/runs?recipe=c')).body.items).toEqual([]);
  });

  test('one that another key put is not changed, and not read where its repositories are not open to the caller', async () => {
    const { app, services } = await service();
    const ana = bearer(await makeKey(services, { scopes: ['run'], namespaces: ['ana'] }));
    const eve = bearer(await makeKey(services, { scopes: ['run'] }));
    await ask(app, '/v1/recipes/support', put(ana));
    expect((await ask(app, '/v1/recipes/support', { headers: eve })).status).toBe(404);
    expect((await ask(app, '/v1/recipes', { headers: eve })).body.items).toEqual([]);
    const change = await ask(app, '/v1/recipes/support', put({ ...eve, 'if-match': '*' }));
    expect(change).toMatchObject({ status: 403, body: { code: 'auth/not-yours' } });
    const start = { method: 'POST', headers: { ...json, ...eve }, body: '{"stored": "support"}' };
    expect((await ask(app, '/v1/runs', start)).status).toBe(404);
  });

  test('one that would start itself is refused', async () => {
    const { app } = await service();
    const answer = await ask(app, '/v1/recipes/loop', put({}, `${RECIPE}publish: {hub: ana/a}\n`));
    expect(answer).toMatchObject({ status: 422, body: { code: 'recipe/cycle', pointer: '/publish/hub' } });
  });

  test('a name is a name and no path', async () => {
    const { app } = await service();
    for (const name of ['..%2fruns', 'UPPER', '.hidden', 'con']) {
      expect((await ask(app, `/v1/recipes/${name}`, put())).status, name).toBe(400);
    }
  });
});

describe('deliveries of the Hub', () => {
  const delivery = { event: { action: 'update', scope: 'repo.content' }, repo: { type: 'model', name: 'ana/a' } };
  const deliver = (secret: string | undefined, body: unknown = delivery): RequestInit => ({
    method: 'POST',
    headers: { ...json, ...(secret === undefined ? {} : { 'x-webhook-secret': secret }) },
    body: JSON.stringify(body),
  });

  test('are taken with the secret alone, whoever may do what else', async () => {
    const { app, services } = await service();
    await makeKey(services);
    const path = '/v1/webhooks/huggingface';
    expect(await ask(app, path, deliver('sesame'))).toMatchObject({ status: 202, body: { status: 'waiting' } });
    for (const secret of [undefined, '', 'sesam', 'sesame2']) {
      expect(await ask(app, path, deliver(secret))).toMatchObject({
        status: 401,
        body: { code: 'auth/webhook-secret' },
      });
    }
    expect((await ask(app, path, deliver('sesame', { event: 1 }))).status).toBe(422);
    const space = { ...delivery, repo: { type: 'space', name: 'ana/s' } };
    expect((await ask(app, path, deliver('sesame', space))).body).toEqual({ status: 'ignored' });
  });

  test('a server without a secret takes none', async () => {
    const app = createApp(await testServices({ webhookSecret: undefined }));
    expect((await ask(app, '/v1/webhooks/huggingface', deliver(''))).status).toBe(401);
  });

  test('a webhook is registered for what the recipes name, listed and removed, and its secret is shown to nobody', async () => {
    const { app } = await service();
    const nothing = await ask(app, '/v1/webhooks', { method: 'POST', headers: json, body: '{}' });
    expect(nothing).toMatchObject({ status: 422, body: { code: 'service/nothing-to-watch' } });
    await ask(app, '/v1/recipes/support', {
      method: 'PUT',
      headers: yaml,
      body: `${RECIPE}publish: {hub: ana/merged}\n`,
    });
    const made = await ask(app, '/v1/webhooks', { method: 'POST', headers: json, body: '{}' });
    const watched = ['ana/a', 'ana/b', 'ana/merged'].map((name) => ({ type: 'model', name }));
    const url = 'https://hubfuse.example/v1/webhooks/huggingface';
    expect(made).toMatchObject({ status: 201, body: { url, watched } });
    const listed = await ask(app, '/v1/webhooks');
    expect(listed.body.items).toEqual([made.body]);
    expect(`${made.text}${listed.text}`).not.toContain('sesame');
    const remove = () => ask(app, `/v1/webhooks/${String(made.body.id)}`, { method: 'DELETE' });
    expect((await remove()).status).toBe(204);
    expect((await remove()).status).toBe(404);
  });
});

test('keys are made once, listed without themselves, and open nothing when they are revoked', async () => {
  const { app, services } = await service();
  const admin = bearer(await makeKey(services, { scopes: ['admin'] }));
  const made = await ask(app, '/v1/keys', {
    method: 'POST',
    headers: { ...json, ...admin },
    body: '{"name": "ci", "scopes": ["run"], "namespaces": ["ana"]}',
  });
  expect(made).toMatchObject({ status: 201, body: { name: 'ci', scopes: ['run'], namespaces: ['ana'] } });
  const listed = await ask(app, '/v1/keys', { headers: admin });
  expect(listed.body.items).toHaveLength(2);
  expect(listed.text).not.toContain('hfk_');
  const ci = bearer(String(made.body.key));
  expect((await ask(app, '/v1/runs', { headers: ci })).status).toBe(200);
  expect((await ask(app, `/v1/keys/${String(made.body.id)}`, { method: 'DELETE', headers: admin })).status).toBe(200);
  expect((await ask(app, '/v1/runs', { headers: ci })).status).toBe(401);
  const bad = await ask(app, '/v1/keys', { method: 'POST', headers: { ...json, ...admin }, body: '{"name": "x"}' });
  expect(bad).toMatchObject({ status: 422, body: { pointer: '/scopes' } });
});
