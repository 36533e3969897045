import { readRun } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exampleRecipe } from '../runs/example-run.ts';
import { Bench } from '../runs/harness.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { waitingRun, work } from './worker-runs.ts';

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(() => hub.close());

const plain = exampleRecipe({ evaluate: false });
const publishingTo = (repo: string) => exampleRecipe({ evaluate: false, publish: `publish: {hub: {repo: ${repo}}}` });
const weights = (files: readonly { path: string; sha256: string }[] = []) =>
  files.find(({ path }) => path === 'model.safetensors')?.sha256;

async function publicationsOf(repo: string): Promise<number> {
  const response = await fetch(`${hub.url}/api/models/${repo}/commits/main`);
  const commits = (await response.json()) as { title: string }[];
  return commits.filter(({ title }) => title.startsWith('Merge example')).length;
}

async function localBytes(name: string): Promise<string | undefined> {
  return weights((await (await Bench.open(hub, name)).run(plain)).files);
}

test('a worker executes what waits in a store, publishes it, and says in JSON lines what each phase took', async () => {
  const { bench, runId } = await waitingRun(hub, 'whole', publishingTo('you/whole'));
  const result = await work({ bench, runId });
  expect(result.code, result.stderr).toBe(0);
  expect(result.stderr).toBe('');
  const { state, report } = await readRun({ store: bench.store, runId });
  expect(state.status).toBe('done');
  expect(weights(report?.files)).toBe(await localBytes('whole-here'));
  expect(await publicationsOf('you/whole')).toBe(1);

  const lines = result.lines();
  for (const line of lines) {
    expect(line).toMatchObject({ run: runId, time: expect.any(String), level: expect.stringMatching(/^(info|warn)$/) });
  }
  const phases = lines.filter(({ event }) => event === 'phase');
  expect(phases.map(({ phase }) => phase)).toEqual(['resolve', 'fetch', 'merge', 'assemble', 'publish']);
  expect(phases.every(({ seconds }) => typeof seconds === 'number')).toBe(true);
  const fetched = phases.find(({ phase }) => phase === 'fetch');
  expect(fetched?.downloaded).toBeGreaterThan(1_000_000);
  expect(result.last()).toMatchObject({ event: 'worker-done', published: [expect.stringContaining('you/whole')] });
  expect(result.stdout).not.toContain('hf_you');
});

test('a worker whose machine is taken away gives the run back, and another machine ends it with the same bytes', async () => {
  const { bench, runId } = await waitingRun(hub, 'reclaimed', publishingTo('you/reclaimed'));
  hub.setFaults([{ kind: 'slow', path: 'safetensors', delayMs: 20, bytesPerSecond: 3_000_000, times: 10_000 }]);
  const first = await work({
    bench,
    runId,
    onLine: ({ event, phase }, child) => {
      if (event === 'phase-started' && phase === 'fetch') child.kill('SIGTERM');
    },
  });
  hub.setFaults([]);
  expect(first.code, first.stderr).toBe(75);
  expect(first.lines().map(({ event }) => event)).toEqual(
    expect.arrayContaining(['release-asked', 'released', 'worker-released']),
  );
  const { state } = await readRun({ store: bench.store, runId });
  expect(state).not.toHaveProperty('owner');
  expect(state.status).toBe('queued');
  const second = await work({ bench, runId, machine: 'two' });
  expect(second.code, second.stderr).toBe(0);
  const { report, state: after } = await readRun({ store: bench.store, runId });
  expect(after).toMatchObject({ status: 'done', attempts: 2 });
  expect(weights(report?.files)).toBe(await localBytes('reclaimed-here'));
  expect(await publicationsOf('you/reclaimed')).toBe(1);
});

test('a run that somebody cancels ends its worker in good order', async () => {
  const { bench, runId } = await waitingRun(hub, 'cancelled', plain);
  hub.setFaults([{ kind: 'slow', path: 'safetensors', delayMs: 20, bytesPerSecond: 300_000, times: 10_000 }]);
  const { cancelRun } = await import('@hubfuse/runs');
  let asked: Promise<unknown> | undefined;
  const result = await work({
    bench,
    runId,
    onLine: ({ event, phase }) => {
      if (event === 'phase-started' && phase === 'fetch') asked = cancelRun({ store: bench.store, runId });
    },
  });
  hub.setFaults([]);
  await asked;
  expect(result.code, result.stderr).toBe(10);
  expect((await readRun({ store: bench.store, runId })).state.status).toBe('cancelled');
});

test('a run that fails ends its worker with the exit code of its error, and says why', async () => {
  const { bench, runId } = await waitingRun(hub, 'failing', plain.replace('intents-home', 'no-such-model'));
  const result = await work({ bench, runId });
  expect(result.code, result.stderr).toBe(4);
  expect(result.last()).toMatchObject({ event: 'worker-failed', level: 'error', message: expect.any(String) });
  expect((await work({ bench, runId: 'no-such-run' })).last()).toMatchObject({
    event: 'worker-failed',
    code: 'run/unknown',
  });
});
