import { listAll } from '@hubfuse/objects';
import { readRun } from '@hubfuse/runs';
import { afterAll, describe, expect, test } from 'vitest';
import { removeFolders, STORES, testServices } from '../../test/services.ts';
import type { Key } from '../keys/key.ts';
import { mayReadRun } from './run-access.ts';
import { startRun } from './start-run.ts';

afterAll(removeFolders);

const text = 'merge_method: linear\nmodels: [ana/one, bob/two]\n';
const evaluate = (files: string) => `${text}evaluate: {task: text-classification, datasets: [{name: x, ${files}}]}\n`;

async function served(kind: 'memory' | 'folder' = 'memory') {
  const opened = await testServices(kind);
  opened.hub.addModel('ana/one');
  opened.hub.addModel('bob/two');
  opened.hub.addModel('ana/secret', { private: true });
  const keyOf = async (settings: { namespaces?: string[]; runsPerDay?: number; scopes?: string[] } = {}) => {
    const { id } = await opened.services.keys.create({ name: 'ci', scopes: ['run'], ...settings });
    return (await opened.services.keys.get(id)) as Key;
  };
  return { ...opened, keyOf };
}

describe.each(STORES)('starting runs in a store of the kind %s', (kind) => {
  test('a run is queued with who asked, and each request is a run of its own', async () => {
    const { services, keyOf } = await served(kind);
    let woken = 0;
    services.wake = () => woken++;
    const key = await keyOf();
    const first = await startRun(services, { recipe: { text }, key, seed: 5 });
    const second = await startRun(services, { recipe: { text }, key, seed: 5 });
    expect([first.created, second.created, woken]).toEqual([true, true, 2]);
    expect(first.id).not.toBe(second.id);
    const { spec, state } = await readRun({ store: services.store, runId: first.id });
    expect(state.status).toBe('queued');
    expect(spec.origin).toEqual({ trigger: 'http', key: key.id, ancestry: [] });
    expect(spec.options).toMatchObject({ hubUrl: 'http://hub.test', seed: 5 });
  });

  test('an idempotency key makes one run, whoever repeats it wherever', async () => {
    const { services, another, keyOf } = await served(kind);
    const key = await keyOf();
    const request = { recipe: { text }, key, idempotencyKey: 'a-1' };
    const started = await Promise.all([services, another(), another()].map((each) => startRun(each, request)));
    expect(new Set(started.map(({ id }) => id)).size).toBe(1);
    const again = await startRun(services, request);
    expect(again).toEqual({ id: started[0]?.id, created: false });
    await expect(startRun(services, { ...request, seed: 1 })).rejects.toMatchObject({
      code: 'service/idempotency-key',
    });
    // Another key's request of the same word is another request.
    expect((await startRun(services, { ...request, key: await keyOf() })).created).toBe(true);
  });

  test('a key starts no more runs a day than it may, also where many ask at once', async () => {
    const { services, another, clock, keyOf } = await served(kind);
    const key = await keyOf({ runsPerDay: 3 });
    const asked = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        startRun(index % 2 === 0 ? services : another(), { recipe: { text }, key }),
      ),
    );
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const refused = asked.find((one) => one.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: 'service/runs-per-day' });
    clock.now = Date.parse('2026-12-01T00:00:01Z');
    expect((await startRun(services, { recipe: { text }, key })).created).toBe(true);
  });
});

test('a recipe starts no more runs a day than it says, whichever key asks', async () => {
  const { services, keyOf } = await served();
  const recipe = { text: `${text}limits: {runs_per_day: 1}\n` };
  await startRun(services, { recipe, key: await keyOf() });
  const key = await keyOf({ runsPerDay: 1 });
  await expect(startRun(services, { recipe, key })).rejects.toMatchObject({ code: 'service/runs-per-day' });
  // The refused run does not count for its key.
  expect((await startRun(services, { recipe: { text }, key })).created).toBe(true);
});

test.each([
  ['a folder', 'merge_method: linear\nmodels: [ana/one, ./mine]\n', 'models[1]', 3],
  ['a path', 'merge_method: linear\nmodels: [ana/one, /etc]\n', 'models[1]', 3],
  ['an address of a file', 'merge_method: linear\nmodels: [ana/one, "file:///etc"]\n', 'models[1]', 3],
  ['a home', 'merge_method: linear\nmodels: [ana/one, ~/mine]\n', 'models[1]', 3],
  ['local data', evaluate('dev: /etc/passwd'), 'evaluate.datasets[0].dev', 3],
  ['data of a folder', evaluate('from: ./mine, test: x.csv'), 'evaluate.datasets[0].test', 3],
  ['local calibration data', `${text}calibration: data.jsonl\n`, 'calibration', 3],
  ['local statistics', `${text}statistics: "./{name}.safetensors"\n`, 'statistics', 3],
  ['an endpoint of S3', `${text}publish: {s3: "s3://b/x?endpoint=http://169.254.169.254"}\n`, 'publish.s3', 3],
])('a recipe with %s is refused, and nothing is written', async (_, recipe, path) => {
  const { services, hub } = await served();
  await expect(startRun(services, { recipe: { text: recipe } })).rejects.toMatchObject({
    code: 'recipe/not-served',
    place: { path },
  });
  await expect(services.recipes.put({ name: 'x', text: recipe })).rejects.toMatchObject({ code: 'recipe/not-served' });
  for await (const key of listAll(services.store, '')) throw new Error(`${key} was written`);
  expect(hub.requests).toEqual([]);
});

test('an address of another host is no repository of the Hub', async () => {
  const { services, hub } = await served();
  const recipe = { text: 'merge_method: linear\nmodels: [ana/one, "https://evil.example/a/b"]\n' };
  await expect(startRun(services, { recipe })).rejects.toMatchObject({ code: 'recipe/bad-reference' });
  expect(hub.requests).toEqual([]);
});

describe('private repositories', () => {
  const recipe = { text: 'merge_method: linear\nmodels: [ana/one, ana/secret]\n' };

  test('are read for keys of their namespace alone, and others cannot tell them from what is not there', async () => {
    const { services, hub, keyOf } = await served();
    const [ana, bob] = [await keyOf({ namespaces: ['ana'] }), await keyOf({ namespaces: ['bob'] })];
    const { id } = await startRun(services, { recipe, key: ana });
    const messages = [];
    for (const model of ['ana/secret', 'ana/absent']) {
      const asked = startRun(services, {
        recipe: { text: `merge_method: linear\nmodels: [ana/one, ${model}]\n` },
        key: bob,
      });
      const error = await asked.catch((failure: unknown) => failure);
      expect(error).toMatchObject({ code: 'service/private-repo' });
      messages.push(String(error).replaceAll(model, 'MODEL'));
    }
    expect(messages[0]).toBe(messages[1]);
    // Whether a repository is public is asked without the token of the service.
    expect(hub.requests.map(({ token }) => token)).toEqual(hub.requests.map(() => undefined));
    const { store } = services;
    expect(await mayReadRun({ store, runId: id, key: bob })).toBe(false);
    expect(await mayReadRun({ store, runId: id, key: ana })).toBe(true);
    expect(await mayReadRun({ store, runId: id, key: await keyOf({ namespaces: ['ana'], scopes: ['read'] }) })).toBe(
      true,
    );
    expect(await mayReadRun({ store, runId: id, key: await keyOf({ scopes: ['admin'] }) })).toBe(true);
  });

  test('a token of the caller opens what it opens, and the run is its own', async () => {
    const { services, keyOf } = await served();
    const [bob, eve] = [await keyOf({ namespaces: ['bob'] }), await keyOf({ namespaces: ['*'] })];
    const token = 'hf_bobsOwnToken';
    const { id } = await startRun(services, { recipe, key: bob, token });
    expect(await services.secrets.take({ run: id, generation: 1 })).toBe(token);
    expect(JSON.stringify(await readRun({ store: services.store, runId: id }))).not.toContain(token);
    expect(await mayReadRun({ store: services.store, runId: id, key: eve })).toBe(false);
    const bad = await startRun(services, { recipe, key: bob, token: 'secret words' }).catch((error: unknown) => error);
    expect(bad).toMatchObject({ code: 'service/bad-token' });
    expect(String(bad)).not.toContain('secret words');
  });

  test('a key publishes to its namespaces alone, whatever token comes along', async () => {
    const { services, keyOf } = await served();
    const published = { text: `${text}publish: {hub: eve/merged}\n` };
    const key = await keyOf({ namespaces: ['bob'] });
    for (const token of [undefined, 'hf_own']) {
      await expect(startRun(services, { recipe: published, key, token })).rejects.toMatchObject({
        code: 'service/namespace',
      });
    }
    expect((await startRun(services, { recipe: published, key: await keyOf({ namespaces: ['eve'] }) })).created).toBe(
      true,
    );
  });
});

test('a stored recipe is started by its name, with its version on the run', async () => {
  const { services } = await served();
  const { recipe } = await services.recipes.put({ name: 'mine', text });
  const { id } = await startRun(services, { recipe: { name: 'mine' } });
  const { spec } = await readRun({ store: services.store, runId: id });
  expect(spec.origin.recipe).toEqual({ name: 'mine', etag: recipe.etag });
  await expect(startRun(services, { recipe: { name: 'other' } })).rejects.toMatchObject({
    code: 'service/unknown-recipe',
  });
});
