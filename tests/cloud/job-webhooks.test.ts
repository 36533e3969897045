import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JobsHost } from '@hubfuse/hub-server';
import { listRuns, type RunRecord, readRun } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { JobsDouble } from '../../packages/cloud/test/jobs-double/server.ts';
import { environment } from '../environment.ts';
import { exampleRecipe } from '../runs/example-run.ts';
import { Bench } from '../runs/harness.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { hubfuse } from '../support/hubfuse.ts';
import { S3_VARIABLES, type S3Double, startOwnS3 } from '../support/s3-double.ts';
import { startJobsService } from './jobs-service.ts';

const HARDWARE = [{ name: 'cpu-basic', cpu: '2 vCPU', ram: '16 GB', accelerator: null, unitCostUSD: 0.01 }];

/** What takes longer runs in `npm run soak`, which sets HUBFUSE_SOAK. */
const whole = test.skipIf(environment.soak === undefined);

let double: JobsDouble;
let hub: ExampleHub;
let s3: S3Double;
let storeUrl: string;
let bench: Bench;
beforeAll(async () => {
  s3 = await startOwnS3();
  storeUrl = s3.storeUrl('state', 'jobs');
  double = await startJobsService({
    environment: { NO_COLOR: '1' },
    hardware: HARDWARE,
  });
  hub = await startExampleHub({ jobs: double as JobsHost });
  bench = await Bench.open(hub, 'job-webhooks', storeUrl);
});
afterAll(async () => {
  await double.close();
  await hub.close();
  await s3.close();
});

function command(...argv: string[]) {
  return hubfuse(argv, {
    directory: hub.work,
    variables: variables(),
  });
}

function variables(): Record<string, string> {
  return {
    ...hub.variables,
    HF_TOKEN: 'hf_you',
    HUBFUSE_STORE: storeUrl,
    HUBFUSE_JOBS: JSON.stringify({ namespace: 'you', image: 'example.com/worker:1', endpoint: double.url }),
    ...S3_VARIABLES,
  };
}

/** Every job that an event started has ended. */
async function settled(jobs: number): Promise<void> {
  const look = () => {
    expect(double.jobs.length).toBe(jobs);
    expect(double.jobs.filter(({ stage }) => stage === 'SCHEDULING' || stage === 'RUNNING')).toEqual([]);
  };
  await vi.waitFor(look, { timeout: 150_000, interval: 100 });
}

async function runs(): Promise<RunRecord[]> {
  const { store } = bench;
  return Promise.all((await listRuns({ store })).map(({ id }) => readRun({ store, runId: id })));
}

const api = async (path: string, method = 'GET') => {
  const response = await fetch(`${hub.url}/api/${path}`, { method, headers: { authorization: 'Bearer hf_you' } });
  return (await response.json()) as Record<string, never>;
};

/** Over HTTP, so that the Hub tells its webhooks of it. Returns the commit. */
async function push(repo: string, content: string): Promise<string> {
  const response = await fetch(`${hub.url}/api/models/hubfuse-examples/${repo}/commit/main`, {
    method: 'POST',
    headers: { authorization: 'Bearer hf_you', 'content-type': 'application/x-ndjson' },
    body: `{"key":"header","value":{"summary":"s"}}\n{"key":"file","value":{"path":"notes.txt","content":"${content}"}}\n`,
  });
  return ((await response.json()) as { commitOid: string }).commitOid;
}

test('a job proves itself before its webhook is registered, and one that fails registers none', async () => {
  const failing = await command('webhooks', 'add', '--job', 'unknown', '--json');
  expect(failing.code).not.toBe(0);
  expect(double.jobs).toHaveLength(0);
  expect(await api('settings/webhooks')).toEqual([]);

  const recipe = exampleRecipe({
    domains: ['money', 'home'],
    evaluate: false,
    publish: 'publish: {hub: {repo: you/by-job, as: pull_request}}',
  });
  await writeFile(join(hub.work, 'support.yaml'), `${recipe}\ntrigger: {refs: [main]}\n`);
  const added = await command('webhooks', 'add', '--job', 'support.yaml');
  expect(added.code, added.stderr).toBe(0);
  expect(added.stdout).toContain('model hubfuse-examples/intents-money');
  expect(double.jobs).toHaveLength(1);
  const [source] = double.jobs;
  expect(source?.stage).toBe('COMPLETED');
  expect(source?.lines.map((line) => JSON.parse(line).event)).toEqual(['job-started', 'job-ready']);
  // Neither what the Hub shows nor what the command says holds a secret.
  const [webhook] = (await api('settings/webhooks')) as unknown as { job: { secrets: string[] } }[];
  expect(webhook?.job.secrets).toContain('HF_TOKEN');
  expect(JSON.stringify([webhook, added.stdout, source?.lines])).not.toMatch(/hf_you|wJalr/);
  expect(await runs()).toEqual([]);
}, 60_000);

test('a push starts a job that publishes a pull request; delivered again it does nothing, and its own push loops nowhere', async () => {
  const commitOid = await push('intents-money', 'hello');
  await settled(2);
  const [first, ...others] = await runs();
  expect(others).toEqual([]);
  expect(first?.state.status, JSON.stringify(first?.state.error)).toBe('done');
  expect(first?.spec.origin).toMatchObject({
    trigger: 'webhook',
    recipe: { name: 'support' },
    cause: { repo: 'hubfuse-examples/intents-money', sha: commitOid },
  });
  const [published] = first?.report?.published ?? [];
  expect(published?.url).toMatch(/you\/by-job\/discussions\/1$/);
  expect((await api('models/you/by-job/discussions')).discussions).toHaveLength(1);

  const [{ id }] = (await api('settings/webhooks')) as unknown as [{ id: string }];
  const { deliveries } = (await api(`settings/webhooks/${id}/activity`)) as unknown as { deliveries: { id: string }[] };
  await api(`settings/webhooks/${id}/activity/${deliveries[0]?.id}/replay`, 'POST');
  await settled(3);
  expect(double.jobs.at(-1)?.stage).toBe('COMPLETED');
  expect(double.jobs.at(-1)?.lines.map((line) => JSON.parse(line).event)).toContain('nothing-to-do');
  expect(await runs()).toHaveLength(1);
}, 120_000);

whole(
  'a storm of pushes is at most the run under way and the newest, however many jobs the Hub starts',
  async () => {
    const before = (await runs()).length;
    const jobs = double.jobs.length;
    const shas: string[] = [];
    for (let number = 0; number < 4; number++) shas.push(await push('intents-home', String(number)));
    await settled(jobs + 4);
    const made = (await runs()).slice().sort((a, b) => (a.spec.createdAt < b.spec.createdAt ? -1 : 1));
    expect(made.length - before).toBeLessThanOrEqual(2);
    expect(made.at(-1)?.spec.origin.cause?.sha).toBe(shas.at(-1));
    for (const { state } of made) expect(state.status, JSON.stringify(state.error)).toBe('done');
  },
  240_000,
);

whole(
  'added again it takes the place of the earlier one; list and remove need no server',
  async () => {
    const [{ id }] = (await api('settings/webhooks')) as unknown as [{ id: string }];
    const again = await command('webhooks', 'add', '--job', 'support', '--json');
    expect(again.code, again.stderr).toBe(0);
    const listed = await command('webhooks', 'list');
    expect(listed.stdout).toContain('support');
    expect(listed.stdout).not.toContain(id);
    const [now, ...others] = (await api('settings/webhooks')) as unknown as [{ id: string }];
    expect(others).toEqual([]);
    expect((await command('webhooks', 'remove', now.id)).code).toBe(0);
    expect(await api('settings/webhooks')).toEqual([]);
    expect((await command('webhooks', 'remove', now.id)).stderr).toMatch(/starts a job of hubfuse/);
  },
  60_000,
);

whole(
  'a job whose machine is lost is tried again, takes its run up and publishes once',
  async () => {
    expect((await command('webhooks', 'add', '--job', 'support')).code).toBe(0);
    const before = (await runs()).length;
    const jobs = double.jobs.length;
    hub.setFaults([{ kind: 'slow', path: 'safetensors', delayMs: 10, bytesPerSecond: 2_000_000, times: 100_000 }]);
    await push('intents-money', 'lost');
    await vi.waitFor(() => expect(double.jobs.at(-1)?.lines.length).toBeGreaterThan(5), { timeout: 90_000 });
    double.lose(double.jobs.at(-1)?.id ?? '');
    hub.setFaults([]);
    await settled(jobs + 1);
    expect(double.jobs.at(-1)).toMatchObject({ stage: 'COMPLETED', failures: 1 });
    const made = await runs();
    expect(made).toHaveLength(before + 1);
    for (const { state } of made) expect(state.status, JSON.stringify(state.error)).toBe('done');
  },
  240_000,
);

whole(
  'a job whose run fails says so, however often it is tried',
  async () => {
    hub.setFaults([{ kind: 'status', status: 404, path: 'intents-home', times: 100_000 }]);
    const jobs = double.jobs.length;
    await push('intents-money', 'without its sister');
    const job = () => double.jobs[jobs];
    await vi.waitFor(() => expect(job()?.stage).toBe('ERROR'), { timeout: 150_000, interval: 200 });
    expect(job()).toMatchObject({ failures: 5 });
    expect(double.jobs).toHaveLength(jobs + 1);
    hub.setFaults([]);
    expect((await runs()).filter(({ state }) => state.status === 'failed')).toHaveLength(1);
  },
  180_000,
);

whole(
  'npm run check:jobs exercises each call',
  async () => {
    const { code, out } = await checkJobs(join(hub.work, 'small.yaml'));
    expect(out).not.toContain('hf_you');
    expect(code, out).toBe(0);
    for (const step of ['submit:', 'cancel: the run is cancelled', 'describe: running', 'logs:', 'is registered']) {
      expect(out).toContain(step);
    }
    expect(await api('settings/webhooks')).toEqual([]);
  },
  180_000,
);

async function checkJobs(file: string): Promise<{ code: number | null; out: string }> {
  const [{ id } = { id: '' }] = (await api('settings/webhooks')) as unknown as { id: string }[];
  if (id !== '') await api(`settings/webhooks/${id}`, 'DELETE');
  await writeFile(file, exampleRecipe({ domains: ['money', 'home'], evaluate: false }));
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('../../scripts/check-jobs.mjs', import.meta.url)), file],
    {
      env: { ...process.env, ...variables() },
    },
  );
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (out += String(text)));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, out };
}
