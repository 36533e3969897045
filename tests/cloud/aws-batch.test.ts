import { setTimeout as wait } from 'node:timers/promises';
import { type Launcher, parseTariff } from '@hubfuse/plugin';
import { launchRun, readRun } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { BatchDouble } from '../../packages/cloud/test/batch-double/server.ts';
import { environment } from '../environment.ts';
import { exampleRecipe } from '../runs/example-run.ts';
import { Bench } from '../runs/harness.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { type S3Double, startOwnS3 } from '../support/s3-double.ts';
import { waitingRun } from '../worker/worker-runs.ts';
import { startBatchService } from './batch-service.ts';

/** Runs whose machines are taken away. `npm run soak` makes more of them. */
const ROUNDS = environment.soak === undefined ? 1 : 20;

let hub: ExampleHub;
let s3: S3Double;
let double: BatchDouble;
let launcher: Launcher;
let reference: string | undefined;
beforeAll(async () => {
  hub = await startExampleHub();
  s3 = await startOwnS3();
  ({ double, launcher } = await startBatchService(hub, {
    queues: [{ name: 'hubfuse-cpu' }, { name: 'hubfuse-gpu', slots: 0 }],
    graceMs: 20_000,
  }));
  reference = weights((await (await Bench.open(hub, 'reference')).run(exampleRecipe({ evaluate: false }))).files);
});
afterAll(async () => {
  await double.close();
  await s3.close();
  await hub.close();
});

const publishingTo = (repo: string) => exampleRecipe({ evaluate: false, publish: `publish: {hub: {repo: ${repo}}}` });
const weights = (files: readonly { path: string; sha256: string }[] = []) =>
  files.find(({ path }) => path === 'model.safetensors')?.sha256;

/** A run that waits in S3, and what a launcher is told of it. */
async function jobOf(name: string, recipe: string) {
  const { bench, runId } = await waitingRun(hub, name, recipe, s3.storeUrl('state', name));
  const { store, registry } = bench;
  const execution = { store, runId, registry, hub: bench.hubOptions, workspace: bench.folder };
  return { store, runId, execution, job: { store, run: runId, execution } };
}

async function publicationsOf(repo: string): Promise<number> {
  const response = await fetch(`${hub.url}/api/models/${repo}/commits/main`);
  const commits = (await response.json()) as { title: string }[];
  return commits.filter(({ title }) => title.startsWith('Merge example')).length;
}

async function linesOf(handle: string, runId: string, store: Bench['store']): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  for await (const line of launcher.logs({ handle, run: runId, store })) lines.push(JSON.parse(line));
  return lines;
}

test('a PCB run in a container gives the bytes of a local one and is published once', async () => {
  const limits = '\nlimits: {time: 1h, usd: 5}';
  const { store, runId, execution } = await jobOf('pcb', publishingTo('you/pcb') + limits);
  const report = await launchRun({ launcher, ...execution });
  expect(weights(report.files)).toBe(reference);
  expect(await publicationsOf('you/pcb')).toBe(1);

  const submission = double.submissions.at(-1);
  expect(submission).toMatchObject({ jobQueue: 'hubfuse-cpu', tags: { 'hubfuse-run': runId } });
  const command = submission?.containerOverrides?.command ?? [];
  expect(command.slice(0, -1)).toEqual(['worker', '--run', runId, '--store', store.url, '--tariff']);
  expect(parseTariff(command.at(-1) ?? '')).toMatchObject({ machine: { name: 'm6id.xlarge' } });
  // The hour of the recipe, which is stricter than its dollars, and time to end in good order.
  expect(submission?.timeout?.attemptDurationSeconds).toBe(3600 + 600);
  expect(submission?.containerOverrides?.resourceRequirements?.map(({ type }) => type)).toEqual(['VCPU', 'MEMORY']);
  expect(JSON.stringify(submission)).not.toContain('intents-money');

  expect(report.cost).toMatchObject({ launcher: 'aws-batch', machine: 'm6id.xlarge', verified: true });
  expect(report.cost?.spentUsd).toBeGreaterThan(0);
  expect(report.cost?.spentUsd).toBeLessThan(5);
  expect(report.cost?.estimatedUsd?.expected).toBeGreaterThan(0);
});

test('a run that is expected to cost more than it may gets no machine, and says what it would cost', async () => {
  const { store, runId, job } = await jobOf('dear', `${publishingTo('you/dear')}\nlimits: {usd: 0.0001}`);
  const before = double.submissions.length;
  const { ended } = await launcher.submit(job);
  await expect(ended).rejects.toMatchObject({
    code: 'run/usd-limit',
    message: expect.stringMatching(/expected to cost \$0\.0\d+ .* on m6id\.xlarge, and may cost \$0\.0001/),
  });
  expect(double.submissions).toHaveLength(before);
  expect((await readRun({ store, runId })).state).toMatchObject({ status: 'failed', error: { code: 'run/usd-limit' } });
});

test('a run that scores asks for a GPU; cancelled before it has a machine, it never gets one', async () => {
  const { store, runId, job } = await jobOf('scoring', exampleRecipe());
  const { handle } = await launcher.submit(job);
  const submitted = { store, run: runId, handle };
  expect(double.submissions.at(-1)).toMatchObject({ jobQueue: 'hubfuse-gpu' });
  expect(double.submissions.at(-1)?.containerOverrides?.resourceRequirements).toContainEqual({
    type: 'GPU',
    value: '1',
  });
  expect(await launcher.describe(submitted)).toMatchObject({
    status: 'pending',
    url: expect.stringContaining(`console.aws.amazon.com/batch/home?region=us-east-1#jobs/detail/${handle}`),
  });
  await launcher.cancel(submitted);
  expect(double.job(handle).status).toBe('FAILED');
  expect(double.job(handle).attempts).toEqual([]);
});

test('a recipe that cannot be planned fails in its worker, where all failures are kept', async () => {
  const { store, runId, job } = await jobOf('no-model', publishingTo('you/x').replace('intents-home', 'no-such-model'));
  const { handle, ended } = await launcher.submit(job);
  await expect(ended).rejects.toMatchObject({ code: expect.stringMatching(/^hub\//) });
  expect(await launcher.describe({ store, run: runId, handle })).toMatchObject({ status: 'failed' });
  expect(double.job(handle).attempts).toHaveLength(1);
});

test.each(Array.from({ length: ROUNDS }, (_, round) => round))(
  'machines that are taken away at random points change neither the bytes nor the number of publications (round %i)',
  async (round) => {
    const repo = `you/reclaimed-${round}`;
    const { store, runId, job } = await jobOf(`reclaimed-${round}`, publishingTo(repo));
    hub.setFaults([{ kind: 'slow', path: 'safetensors', delayMs: 10, bytesPerSecond: 12_000_000, times: 100_000 }]);
    const { handle, ended } = await launcher.submit(job);
    const over = ended.then(() => true);
    const moments: string[] = [];
    // The third reclaim gives no time at all: the process is killed in the middle of whatever it does.
    for (const graceMs of [20_000, 20_000, 0]) {
      const attempts = double.job(handle).attempts.length;
      const { isOver } = double.job(handle);
      if (isOver) break;
      await vi.waitFor(() => expect(double.job(handle).container ?? isOver).toBeTruthy(), { timeout: 30_000 });
      const afterMs = 400 + Math.random() * 4_000;
      await Promise.race([wait(afterMs), over]);
      double.reclaim(handle, graceMs);
      moments.push(`attempt ${attempts}: ${afterMs.toFixed(0)} ms, ${graceMs} ms of grace`);
      await Promise.race([
        over,
        vi.waitFor(() => expect(double.job(handle).attempts.length).toBeGreaterThan(attempts), { timeout: 40_000 }),
      ]);
    }
    hub.setFaults([]);
    await ended;
    const { report, state } = await readRun({ store, runId });
    expect(state.status, moments.join('; ')).toBe('done');
    expect(weights(report?.files), moments.join('; ')).toBe(reference);
    expect(await publicationsOf(repo), moments.join('; ')).toBe(1);
    const lines = await linesOf(handle, runId, store);
    // One that was killed before it listened has no log.
    const started = lines.filter(({ event }) => event === 'worker-started').length;
    expect(started).toBeGreaterThan(0);
    expect(started).toBeLessThanOrEqual(double.job(handle).attempts.length);
    expect(lines.at(-1)).toMatchObject({ event: 'worker-done' });
  },
  180_000,
);
