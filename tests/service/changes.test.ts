import { join } from 'node:path';
import { importFolder } from '@hubfuse/hub-server';
import { deleteRepo, uploadFile } from '@huggingface/hub';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exampleRecipe } from '../runs/example-run.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { hubfuse } from '../support/hubfuse.ts';
import { type AskOptions, hasEnded, LONGEST_TEST_MS, type Served, serve, until } from './served.ts';

const ZOO = join(import.meta.dirname, '../../examples/intents-tiny');
const domains = ['money', 'home'] as const;
const unscored = { method: 'task_arithmetic', domains, evaluate: false } as const;

let hub: ExampleHub;
let service: Served;
let admin: string;

beforeAll(async () => {
  // A server that reads private repositories of everybody, for keys that may not.
  const server = { name: 'server', orgs: ['you', 'ana', 'hubfuse-examples'] };
  hub = await startExampleHub({ tokens: { hf_server: server, hf_ana: { name: 'ana' } } });
  await importFolder({ root: hub.folder, repo: 'ana/private', folder: join(ZOO, 'money'), private: true });
  await importFolder({ root: hub.folder, repo: 'ana/fleeting', folder: join(ZOO, 'home') });
  admin = await makeKey('--scope', 'admin', '--namespace', '*');
  service = await serve(hub, { name: 'service', variables: { HF_TOKEN: 'hf_server' } });
  await ask('PUT', '/v1/recipes/scheduled', {
    body: `${exampleRecipe(unscored)}trigger: {refs: [], schedule: "* * * * *"}\n`,
  });
});
afterAll(async () => {
  await service?.stop();
  await hub.close();
});

async function makeKey(...argv: string[]): Promise<string> {
  const data = join(hub.work, 'service');
  const made = await hubfuse(['keys', 'create', '--name', 'test', '--data', data, ...argv, '--json'], {
    variables: hub.variables,
  });
  return String(made.last().key);
}

const ask = (method: string, path: string, options: AskOptions = {}) =>
  service.ask(method, path, { key: admin, ...options });

/** Watches everything that the recipes name by now, and pushes to a model. */
async function pushTo(repo: string, content: string): Promise<string> {
  const output = await uploadFile({
    repo,
    file: { path: 'notes.txt', content: new Blob([content]) },
    hubUrl: hub.url,
    accessToken: 'hf_server',
  });
  return output?.commit.oid ?? '';
}

const recipe = (
  more: string,
  models: readonly string[] = ['hubfuse-examples/intents-money', 'hubfuse-examples/intents-home'],
) => ['name: test', 'merge_method: linear', 'models:', ...models.map((model) => `  - ${model}`), more, ''].join('\n');

const runs = async (name: string) =>
  (await ask('GET', `/v1/runs?recipe=${name}`)).body.items as { id: string; state: string; createdAt: string }[];

async function endedRuns(name: string, count: number) {
  let seen: Awaited<ReturnType<typeof runs>> = [];
  await until(`${count} runs of ${name}`, async () => {
    seen = await runs(name);
    return seen.length >= count && seen.every(hasEnded);
  }).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(seen)}\n${service.output().slice(-3000)}`);
  });
  return seen;
}

const show = async (id: string | undefined) => (await ask('GET', `/v1/runs/${id}`)).body;

test(
  'a private parent is merged for a key with its namespace, and for no other',
  async () => {
    const models = ['ana/private', 'hubfuse-examples/intents-home'];
    const [ana, eve] = [await makeKey('--scope', 'run', '--namespace', 'ana'), await makeKey('--scope', 'run')];
    const body = recipe('', models);
    expect((await ask('PUT', '/v1/recipes/of-ana', { body, key: ana })).status).toBe(201);
    expect((await ask('PUT', '/v1/recipes/of-eve', { body, key: eve })).status).toBe(201);
    expect((await ask('POST', '/v1/webhooks', { body: {} })).status).toBe(201);
    await pushTo('ana/private', 'news');
    const [run] = await endedRuns('of-ana', 1);
    expect(await show(run?.id)).toMatchObject({ state: 'done', origin: { trigger: 'webhook' } });
    expect((await ask('GET', `/v1/runs/${run?.id}`, { key: ana })).status).toBe(200);
    for (const path of ['', '/report', '/artefacts/model.safetensors', '/events']) {
      expect((await ask('GET', `/v1/runs/${run?.id}${path}`, { key: eve })).status, path).toBe(404);
    }
    await until('the note for eve', async () => (await ask('GET', '/v1/recipes/of-eve')).body.notes.length > 0);
    expect(await runs('of-eve')).toEqual([]);
    for (const name of ['of-ana', 'of-eve']) await ask('DELETE', `/v1/recipes/${name}`);
  },
  LONGEST_TEST_MS,
);

test(
  'a parent that is deleted is noted on the recipe, and its run says so',
  async () => {
    const models = ['ana/fleeting', 'hubfuse-examples/intents-money'];
    await ask('PUT', '/v1/recipes/fleeting', { body: recipe('', models) });
    expect((await ask('POST', '/v1/webhooks', { body: {} })).status).toBe(201);
    await deleteRepo({ repo: 'ana/fleeting', hubUrl: hub.url, accessToken: 'hf_ana' });
    let notes: { code: string; repo?: string }[] = [];
    await until('the note', async () => {
      notes = (await ask('GET', '/v1/recipes/fleeting')).body.notes;
      return notes.length > 0;
    });
    expect(notes).toMatchObject([{ code: 'parent/deleted', repo: 'ana/fleeting' }]);
    const started = await ask('POST', '/v1/runs', { body: { stored: 'fleeting' } });
    expect(started.status).toBe(201);
    const [run] = await endedRuns('fleeting', 1);
    expect(await show(run?.id)).toMatchObject({ state: 'failed', error: { code: expect.stringMatching(/^hub\//) } });
    await ask('DELETE', '/v1/recipes/fleeting');
  },
  LONGEST_TEST_MS,
);

test(
  'an edit of the recipe holds for the next run, not for the one that is under way',
  async () => {
    const first = await ask('PUT', '/v1/recipes/edited', {
      body: exampleRecipe({ method: 'pcb', domains, evaluate: 20 }),
    });
    expect((await ask('POST', '/v1/webhooks', { body: {} })).status).toBe(201);
    const started = await ask('POST', '/v1/runs', { body: { stored: 'edited' } });
    await until('the beginning of the run', async () => (await show(started.body.id)).state !== 'queued');
    const etag = first.headers.get('etag') ?? '';
    const second = await ask('PUT', '/v1/recipes/edited', {
      body: exampleRecipe(unscored),
      headers: { 'if-match': etag },
    });
    expect(second.status).toBe(200);
    await endedRuns('edited', 1);
    expect(await show(started.body.id)).toMatchObject({
      state: 'done',
      method: 'pcb',
      origin: { recipe: { etag: first.body.etag } },
    });
    await pushTo('hubfuse-examples/intents-money', 'after the edit');
    const [next] = await endedRuns('edited', 2);
    expect(await show(next?.id)).toMatchObject({
      state: 'done',
      method: 'task_arithmetic',
      origin: { trigger: 'webhook', recipe: { etag: second.body.etag } },
    });
    await ask('DELETE', '/v1/recipes/edited');
  },
  LONGEST_TEST_MS,
);

test(
  'a recipe with a schedule runs by itself, once at each time',
  async () => {
    const [run] = await endedRuns('scheduled', 1);
    expect(await show(run?.id)).toMatchObject({
      state: 'done',
      origin: { trigger: 'schedule', recipe: { name: 'scheduled' } },
    });
    await ask('DELETE', '/v1/recipes/scheduled');
    const minutes = (await runs('scheduled')).map(({ createdAt }) => createdAt.slice(0, 16));
    expect(new Set(minutes).size).toBe(minutes.length);
  },
  LONGEST_TEST_MS,
);
