import { setTimeout as wait } from 'node:timers/promises';
import { registerCloudLaunchers } from '@hubfuse/cloud';
import { type Launcher, parseTariff, Registry } from '@hubfuse/plugin';
import { launchRun, readRun } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { JobsDouble } from '../../packages/cloud/test/jobs-double/server.ts';
import { exampleRecipe } from '../runs/example-run.ts';
import { Bench } from '../runs/harness.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { S3_VARIABLES, type S3Double, startOwnS3 } from '../support/s3-double.ts';
import { waitingRun } from '../worker/worker-runs.ts';
import { startJobsService } from './jobs-service.ts';

const HARDWARE = [
  { name: 'cpu-basic', cpu: '2 vCPU', ram: '16 GB', accelerator: null, unitCostUSD: 0.01 },
  { name: 'a10g-small', cpu: '4 vCPU', ram: '15 GB', accelerator: { quantity: '1', vram: '24 GB' }, unitCostUSD: 1 },
  { name: 't4-small', cpu: '4 vCPU', ram: '15 GB', accelerator: { quantity: '1', vram: '16 GB' }, unitCostUSD: 0.4 },
];

let hub: ExampleHub;
let s3: S3Double;
let double: JobsDouble;
let front: JobsDouble;
let launcher: Launcher;
beforeAll(async () => {
  hub = await startExampleHub();
  s3 = await startOwnS3();
  double = await startJobsService({ hardware: HARDWARE });
  front = await startJobsService({ hardware: HARDWARE, held: true });
  vi.stubEnv('HF_TOKEN', 'hf_you');
  const registry = new Registry();
  await registerCloudLaunchers(registry);
  launcher = registry.get('launcher', 'hf-jobs');
});
afterAll(async () => {
  await Promise.all([double.close(), front.close()]);
  await s3.close();
  await hub.close();
});

const LIMITS = 'limits: {time: 2h, usd: 1}';
const weights = (files: readonly { path: string; sha256: string }[] = []) =>
  files.find(({ path }) => path === 'model.safetensors')?.sha256;
const publishingTo = (repo: string) => exampleRecipe({ evaluate: false, publish: `publish: {hub: {repo: ${repo}}}` });

/** The double answers for jobs alone; everything else of the Hub is the local one's. */
async function jobOf(name: string, recipe: string, jobs: JobsDouble) {
  const images = { image: 'example.com/worker:1', gpuImage: 'example.com/worker:1-gpu' };
  const configuration = { namespace: 'you', ...images, endpoint: jobs.url };
  vi.stubEnv('HUBFUSE_JOBS', JSON.stringify(configuration));
  const { bench, runId } = await waitingRun(hub, name, recipe, s3.storeUrl('state', name));
  const { store, registry } = bench;
  const execution = { store, runId, registry, hub: bench.hubOptions, workspace: bench.folder };
  return { store, runId, execution, job: { store, run: runId, execution } };
}

test('a run in a job gives the bytes of a local one, on the cheapest machine that suffices, with its token as a secret', async () => {
  const { execution, store, runId } = await jobOf('jobs', `${publishingTo('you/jobs')}\n${LIMITS}`, double);
  const running = launchRun({ launcher, ...execution });
  await vi.waitFor(() => expect(double.jobs).toHaveLength(1), { timeout: 20_000 });
  const report = await running;
  const local = await (await Bench.open(hub, 'jobs-here')).run(exampleRecipe({ evaluate: false }));
  expect(weights(report.files)).toBe(weights(local.files));
  const [job] = double.jobs;
  expect(job?.body).toMatchObject({
    flavor: 'cpu-basic',
    dockerImage: 'example.com/worker:1',
    labels: { 'hubfuse-run': runId, 'hubfuse-child': '0', 'hubfuse-children': '1', 'hubfuse-life': '1' },
    // What is left of the recipe's limit, and time to end in good order.
    timeoutSeconds: 7200 + 600,
  });
  expect(report.cost).toMatchObject({ launcher: 'hf-jobs', machine: 'cpu-basic', verified: true });
  expect(report.cost?.spentUsd).toBeGreaterThan(0);
  expect(report.cost?.estimatedUsd?.expected).toBeGreaterThan(0);
  expect(job?.body.secrets).toMatchObject({ HF_TOKEN: 'hf_you', AWS_ACCESS_KEY_ID: S3_VARIABLES.AWS_ACCESS_KEY_ID });
  expect(JSON.stringify([job?.body.environment, job?.body.command])).not.toContain('hf_you');
  const lines: string[] = [];
  for await (const line of launcher.logs({ run: runId, store, handle: job?.body.labels?.['hubfuse-array'] ?? '' }))
    lines.push(line);
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ event: 'worker-done' });
});

test('a run that is expected to cost more than it may gets no machine, and says what it would cost', async () => {
  const { store, runId, job } = await jobOf('dear', `${publishingTo('you/dear')}\nlimits: {usd: 0.00001}`, double);
  const before = double.jobs.length;
  const { ended } = await launcher.submit(job);
  await expect(ended).rejects.toMatchObject({
    code: 'run/usd-limit',
    message: expect.stringMatching(/expected to cost \$0\.000\d+ .* on cpu-basic, and may cost less than \$0\.0001/),
  });
  expect(double.jobs).toHaveLength(before);
  expect((await readRun({ store, runId })).state).toMatchObject({ status: 'failed', error: { code: 'run/usd-limit' } });
});

test('a job whose machine is lost goes on at another one, and publishes once', async () => {
  hub.setFaults([{ kind: 'slow', path: 'safetensors', delayMs: 10, bytesPerSecond: 12_000_000, times: 100_000 }]);
  const { job, store, runId } = await jobOf('lost', publishingTo('you/lost'), double);
  const { handle, ended } = await launcher.submit(job);
  const found = () => double.jobs.filter(({ body }) => body.labels?.['hubfuse-array'] === handle);
  await vi.waitFor(() => expect(found()[0]?.lines.length).toBeGreaterThan(3), { timeout: 30_000 });
  await wait(Math.random() * 2_000);
  // The Hub tries a job again by itself; one that it has given up is followed by another.
  if (Math.random() < 0.5) double.lose(found()[0]?.id ?? '');
  else double.giveUp(found()[0]?.id ?? '');
  hub.setFaults([]);
  await ended;
  const { state, report } = await readRun({ store, runId });
  expect(state.status).toBe('done');
  expect(report?.published).toHaveLength(1);
}, 240_000);

test('a run that scores asks for a GPU, and one that waits is cancelled without ever getting a machine', async () => {
  const { job, store, runId } = await jobOf('waiting', exampleRecipe(), front);
  const { handle } = await launcher.submit(job);
  expect(front.jobs[0]?.body).toMatchObject({ flavor: 't4-small', dockerImage: 'example.com/worker:1-gpu' });
  expect(await launcher.describe({ run: runId, store, handle })).toEqual({
    status: 'pending',
    url: `${front.url}/jobs/you/${front.jobs[0]?.id}`,
  });
  await launcher.cancel({ run: runId, store, handle });
  expect(front.jobs[0]?.stage).toBe('CANCELED');
});

test('a run of several workers has a job for each; a launcher that died between two of them is gone on with by the next', async () => {
  const recipe = `${publishingTo('you/several')}compute: {children: 5}\nlimits: {usd: 5}\n`;
  const { job, store, runId } = await jobOf('several', recipe, front);
  const before = front.jobs.length;
  const own = () => front.jobs.slice(before);
  front.stallAfter(before + 3);
  // It hears no more from the Hub, and nobody from it.
  const dead = launcher.submit(job).catch(() => undefined);
  await vi.waitFor(() => expect(own()).toHaveLength(3), { timeout: 20_000 });
  front.stallAfter(Number.POSITIVE_INFINITY);
  const { handle } = await launcher.submit(job);
  const optionOf = (name: string) =>
    own().map(({ body: { command = [] } }) => command[command.indexOf(name) + 1] ?? '');
  expect(optionOf('--child')).toEqual(['0', '1', '2', '3', '4']);
  expect(new Set(optionOf('--children'))).toEqual(new Set(['5']));
  expect(parseTariff(optionOf('--tariff')[0] ?? '')).toMatchObject({ machines: 5, machine: { name: 'cpu-basic' } });
  expect(new Set(own().map(({ body }) => body.labels?.['hubfuse-array']))).toEqual(new Set([handle]));
  // Another submission starts nothing.
  expect((await launcher.submit(job)).handle).toBe(handle);
  expect(own()).toHaveLength(5);
  await launcher.cancel({ run: runId, store, handle });
  expect(own().map(({ stage }) => stage)).toEqual(Array.from({ length: 5 }, () => 'CANCELED'));
  front.dropStalled();
  await dead;
});

test('a store on this disk is refused, because no job reaches it', async () => {
  vi.stubEnv('HUBFUSE_JOBS', JSON.stringify({ namespace: 'you', image: 'example.com/worker:1' }));
  const { bench, runId } = await waitingRun(hub, 'disk', exampleRecipe({ evaluate: false }));
  const execution = { hub: bench.hubOptions, registry: bench.registry };
  await expect(launcher.submit({ run: runId, store: bench.store, execution })).rejects.toMatchObject({
    code: 'launcher/local-store',
  });
});
