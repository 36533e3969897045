import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { listRunPage, type RunReport, readRunState } from '@hubfuse/runs';
import { uploadFile } from '@huggingface/hub';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type S3Double, startS3Double } from '../../packages/objects/test/s3-double/server.ts';
import { CREDENTIALS } from '../../packages/objects/test/s3-double/signature.ts';
import { environment } from '../environment.ts';
import { exampleRecipe } from '../runs/example-run.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { Fleet, type FleetStore } from './fleet.ts';
import { type Asked, type AskOptions, hasEnded, LONGEST_TEST_MS, until } from './served.ts';
import { FLEET_KILLS } from './settings.ts';

vi.setConfig({ hookTimeout: 3 * LONGEST_TEST_MS, testTimeout: 3 * LONGEST_TEST_MS });

/** `npm test` takes one kind of store, a real S3 where there is one; `npm run soak` takes both. */
const STORES = environment.s3 !== undefined ? ['real S3'] : environment.soak !== undefined ? ['folder', 'S3'] : ['S3'];

/** A run that gets no further for so long is stuck: longer than a lease, a claim and a start of a process take one after the other. */
const LONGEST_STANDSTILL_MS = 180_000;

const isSlice = environment.soak === undefined;

describe.each(STORES)('two servers that answer and three that execute, over one %s', (kind) => {
  let hub: ExampleHub;
  let s3: S3Double | undefined;
  let fleet: Fleet;
  let admin: string;
  let reference: RunReport;
  /** Milliseconds from the request to the end of a run that nobody disturbs. */
  let usualMs: number;
  /** Kills that met a run that had not ended. */
  let hits = 0;

  beforeAll(async () => {
    hub = await startExampleHub();
    fleet = await Fleet.start({
      ...{ hub, apis: 2, workers: ['in-process', 'local', 'in-process'] },
      store: await storeOf(kind),
    });
    // From the first key on every server wants one.
    const made = await fleet.api(0).ask('POST', '/v1/keys', {
      body: { name: 'admin', scopes: ['admin'], namespaces: ['*'] },
    });
    admin = made.body.key;
    const started = await start(0, recipeTo('you/reference'));
    expect(started.status, started.text).toBe(201);
    const begun = performance.now();
    reference = await reportOf(started.body.id);
    usualMs = performance.now() - begun;
  });
  afterAll(async () => {
    await fleet?.stop();
    vi.unstubAllEnvs();
    await s3?.close();
    await hub?.close();
  });

  async function storeOf(kind: string): Promise<FleetStore> {
    if (kind === 'folder') return { location: join(hub.work, 'store'), variables: {} };
    if (kind === 'real S3') {
      const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_REGION'];
      const variables = names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
      const location = (environment.s3 ?? '').replace(/\/*(\?|$)/, `/hubfuse-fleet-${Date.now()}$1`);
      return { location, variables: Object.fromEntries(variables) };
    }
    s3 = await startS3Double();
    const variables = {
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    };
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    return { location: s3.storeUrl('state', 'fleet'), variables };
  }

  const recipeTo = (repo: string, more = '') =>
    `${exampleRecipe({ method: 'task_arithmetic', domains: ['money', 'home'], evaluate: false, publish: `publish: {hub: ${repo}}` })}${more}`;
  const ask = (turn: number, method: string, path: string, options: AskOptions = {}) =>
    fleet.api(turn).ask(method, path, { key: admin, ...options });
  const start = (turn: number, body: string, headers: Record<string, string> = {}) =>
    ask(turn, 'POST', '/v1/runs', { body, headers });

  async function reportOf(id: string): Promise<RunReport> {
    let turn = 0;
    let seen = '';
    let body: Asked['body'];
    // However slow the machine is: as long as the run gets on, it is waited for.
    for (let last = Date.now(); ; await sleep(250)) {
      ({ body } = await ask(turn++, 'GET', `/v1/runs/${id}`));
      if (hasEnded(body)) break;
      const { state, phases, attempts, progress } = body;
      const now = JSON.stringify([state, phases, attempts, progress]);
      if (now !== seen) last = Date.now();
      seen = now;
      if (Date.now() - last > LONGEST_STANDSTILL_MS) throw new Error(`${id} gets no further: ${await traceOf(id)}`);
    }
    expect(body, outputs()).toMatchObject({ state: 'done' });
    return (await ask(1, 'GET', `/v1/runs/${id}/report`)).body as RunReport;
  }

  /** What the store says of a run: who has it, who claims it, what happened. */
  async function traceOf(id: string): Promise<string> {
    const objects: string[] = [];
    for (const key of [`runs/${id}/state.json`, `runs/${id}/worker.json`, `service/leases/run-${id}.json`]) {
      const found = await fleet.store.get(key);
      objects.push(`${key}: ${found === undefined ? 'none' : Buffer.from(found.body).toString()}`);
    }
    const events = JSON.stringify((await ask(0, 'GET', `/v1/runs/${id}/events`)).body.items?.slice(-8));
    const members = fleet.workers.map(({ pid }) => pid).join(', ');
    return [...objects, events, `workers ${members}`, `at ${new Date().toISOString()}`, outputs()].join('\n');
  }

  const outputs = () => fleet.workers.map(({ output }) => output.slice(-1_500)).join('\n---\n');

  async function commitsOf(repo: string): Promise<string[]> {
    const response = await fetch(`${hub.url}/api/models/${repo}/commits/main`);
    const commits = (await response.json()) as { title: string }[];
    return commits.map(({ title }) => title).filter((title) => title.startsWith('Merge'));
  }

  test('they behave as one', async () => {
    // One request under one idempotency key, sent to both at once and again.
    const same = { 'idempotency-key': 'the-same' };
    const once = await Promise.all([0, 1, 2, 3, 4, 5].map((turn) => start(turn, recipeTo('you/once'), same)));
    expect(new Set(once.map(({ body }) => body.id)).size).toBe(1);
    expect(once.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 201]);

    // Two changes of one version of a recipe: one is made, the other one is told.
    const limited = recipeTo('you/limited', 'limits: {runs_per_day: 4}\n');
    const { headers } = await ask(0, 'PUT', '/v1/recipes/limited', { body: limited });
    const change = (turn: number) => {
      const condition = { 'if-match': headers.get('etag') ?? '' };
      return ask(turn, 'PUT', '/v1/recipes/limited', { body: `${limited}# ${turn}\n`, headers: condition });
    };
    const changed = await Promise.all([change(0), change(1)]);
    expect(changed.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect((await ask(0, 'GET', '/v1/recipes/limited')).text).toBe((await ask(1, 'GET', '/v1/recipes/limited')).text);

    // What one has counted the other one counts on.
    const asked = await Promise.all(
      Array.from({ length: 9 }, (_, turn) => ask(turn, 'POST', '/v1/runs', { body: { stored: 'limited' } })),
    );
    expect(asked.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(4);
    expect(asked.filter(({ status }) => status === 429).map(({ body }) => body.code)).toEqual(
      new Array(5).fill('service/runs-per-day'),
    );

    // Each run is executed once, by one of three, and the same content is published once.
    const ids = asked.flatMap(({ status, body }) => (status === 201 ? [String(body.id)] : []));
    const followed = follow(1, ids[0] ?? '');
    for (const id of [...ids, once[0]?.body.id]) expect((await reportOf(id)).files).toEqual(reference.files);
    for (const id of ids) expect((await ask(1, 'GET', `/v1/runs/${id}`)).body.attempts).toBe(1);
    expect(await commitsOf('you/once')).toHaveLength(1);
    expect(await commitsOf('you/limited')).toHaveLength(1);
    expect(fleet.workers.filter(({ output }) => /"event":"problem"/.test(output))).toEqual([]);

    // Whoever follows a run at one sees what the other one was asked for and a third did.
    const { items } = (await ask(0, 'GET', `/v1/runs/${ids[0]}/events`)).body;
    expect((await followed).map((event) => event.number)).toEqual(
      items.map((event: { number: number }) => event.number),
    );
    // The index of runs follows their states.
    const differing = async () =>
      new Set(await Promise.all([0, 1].map(async (turn) => (await ask(turn, 'GET', '/v1/runs')).text))).size;
    await expect.poll(differing, { timeout: 30_000 }).toBe(1);
  });

  /** Events of a run, as a stream tells them until it ends. */
  async function follow(turn: number, id: string): Promise<{ number: number }[]> {
    const { text } = await ask(turn, 'GET', `/v1/runs/${id}/events`, { headers: { accept: 'text/event-stream' } });
    return [...text.matchAll(/^id: \d+\ndata: (.*)$|^data: (.*)\nid: \d+$/gm)].map(([, a, b]) =>
      JSON.parse(a ?? b ?? ''),
    );
  }

  test.skipIf(isSlice)('a push that both hear of again and again makes one run', async () => {
    await ask(0, 'PUT', '/v1/recipes/pushed', { body: recipeTo('you/pushed') });
    const repo = 'hubfuse-examples/intents-money';
    const file = { path: 'notes.txt', content: new Blob([`note of ${kind}`]) };
    const pushed = await uploadFile({ repo, file, hubUrl: hub.url, accessToken: 'hf_you' });
    const sha = pushed?.commit.oid;
    const body = {
      event: { action: 'update', scope: 'repo.content' },
      repo: { type: 'model', name: repo, private: false, headSha: sha },
      updatedRefs: [{ ref: 'refs/heads/main', oldSha: null, newSha: sha }],
    };
    const deliver = (turn: number) =>
      ask(turn, 'POST', '/v1/webhooks/huggingface', { body, headers: { 'x-webhook-secret': 'secret of the fleet' } });
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all([0, 1, 2, 3].map(deliver));
      expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
      await sleep(300);
    }
    const runsOf = async () => (await ask(0, 'GET', '/v1/runs?recipe=pushed')).body.items;
    await until('the run of the push', async () => (await runsOf()).some(hasEnded));
    await until('the letters', async () => (await fleet.store.list('service/inbox/')).keys.length === 0);
    const runs = await runsOf();
    expect(runs).toMatchObject([{ state: 'done', attempts: 1 }]);
    expect((await ask(1, 'GET', `/v1/runs/${runs[0].id}`)).body.origin.cause.sha).toBe(sha);
    await ask(1, 'DELETE', '/v1/recipes/pushed');
  });

  test.skipIf(isSlice)('what one began the other one stops; sessions and keys hold and end at both', async () => {
    const slow = { kind: 'slow', path: 'safetensors', delayMs: 20, bytesPerSecond: 50_000, times: 10_000 } as const;
    hub.setFaults([slow]);
    try {
      // A revision that none has yet in its cache.
      const body = recipeTo('you/stopped').replace('intents-home', 'intents-office');
      const { id } = (await start(0, body)).body;
      await until('the download', async () => (await ask(0, 'GET', `/v1/runs/${id}`)).body.state === 'fetching');
      expect((await ask(1, 'POST', `/v1/runs/${id}/cancel`)).status).toBe(202);
      await expect
        .poll(async () => (await ask(0, 'GET', `/v1/runs/${id}`)).body.state, { timeout: 5_000 })
        .toBe('cancelled');
    } finally {
      hub.setFaults([]);
    }
    const made = await ask(0, 'POST', '/v1/keys', { body: { name: 'short', scopes: ['read'], namespaces: [] } });
    const { id, key } = made.body;
    const begun = await fleet.api(0).ask('POST', '/v1/session', { body: { key } });
    const cookie = begun.headers.get('set-cookie')?.split(';')[0] ?? '';
    const asSession = () => fleet.api(1).ask('GET', '/v1/runs', { headers: { cookie } });
    expect((await asSession()).status).toBe(200);
    expect((await ask(1, 'GET', '/v1/runs', { key })).status).toBe(200);
    await ask(0, 'DELETE', `/v1/keys/${id}`);
    await until('the end of the key', async () => (await ask(1, 'GET', '/v1/runs', { key })).status === 401);
    expect((await asSession()).status).toBe(401);
  });

  const TARGETS = ['api', 'worker', 'job'] as const;
  test.each(Array.from({ length: FLEET_KILLS }, (_, round) => round))(
    `over ${kind}, the kill of a server or a worker loses no run and publishes none twice (round %i)`,
    async (round) => {
      const target = TARGETS[round % TARGETS.length];
      const repo = `you/killed-${round}`;
      const afterMs = Math.random() * usualMs;
      const asking = start(round, recipeTo(repo), { 'idempotency-key': `killed-${round}` });
      await sleep(afterMs);
      const [latest] = (await listRunPage({ store: fleet.store, limit: 1 })).runs;
      if (latest !== undefined && !hasEnded(latest)) hits++;
      if (target === 'api') await fleet.api(round).kill();
      // Whoever executes it, or, before anybody does, one who may.
      else await killWorkerOf(latest, { withServer: target === 'worker' });
      await Promise.all([...fleet.apis, ...fleet.workers].map((member) => member.revive()));
      const { id } = (await asking).body;
      const where = `${target} killed after ${afterMs.toFixed(0)} ms`;
      const report = await reportOf(id);
      expect(report.files, where).toEqual(reference.files);
      expect(await commitsOf(repo), where).toHaveLength(1);
      expect(report.published, where).toHaveLength(1);
    },
  );

  test.skipIf(FLEET_KILLS < 20)('most of the kills met a run under way', () => {
    expect(hits).toBeGreaterThan(FLEET_KILLS / 2);
  });

  async function killWorkerOf(run: { id: string } | undefined, { withServer }: { withServer: boolean }) {
    const owner = run && (await readRunState({ store: fleet.store, runId: run.id }).catch(() => undefined))?.owner;
    const isServer = (pid: number | undefined) => fleet.workers.some((member) => member.pid === pid);
    if (owner !== undefined && !isServer(owner.pid)) killProcess(owner.pid);
    const server = fleet.workers.find(({ pid }) => pid === owner?.pid);
    if (server !== undefined) await server.kill();
    else if (withServer) await fleet.workers[1]?.kill();
  }
});

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
