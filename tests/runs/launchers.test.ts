import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore } from '@hubfuse/objects';
import type { Job } from '@hubfuse/plugin';
import { type ExecutionOptions, readRun, registerLaunchers, retryRun } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LauncherBench, launcherContract } from '../../packages/runs/test/launcher-contract.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { hubfuse } from '../support/hubfuse.ts';
import { exampleRecipe } from './example-run.ts';
import { Bench, fullRegistry } from './harness.ts';

const BIN = fileURLToPath(new URL('../../packages/cli/bin/hubfuse.js', import.meta.url));
const SLOW = [{ kind: 'slow' as const, path: 'safetensors', delayMs: 20, bytesPerSecond: 100_000, times: 10_000 }];

async function openBench(name: string): Promise<LauncherBench & { hub: ExampleHub; bench: Bench }> {
  const hub = await startExampleHub();
  const bench = await Bench.open(hub, name);
  await registerLaunchers(bench.registry);
  const quick = exampleRecipe({ method: 'task_arithmetic', domains: ['money', 'home'], evaluate: false });
  let made = 0;
  return {
    ...{ hub, bench },
    launcher: bench.registry.get('launcher', name),
    async waiting(kind): Promise<Job> {
      const recipe = kind === 'broken' ? quick.replace('intents-home', 'no-such-model') : quick;
      hub.setFaults(kind === 'slow' ? SLOW : []);
      const run = await bench.create(`${recipe}# ${made++}\n`);
      const execution: ExecutionOptions = {
        ...{ store: bench.store, runId: run, registry: bench.registry, workers: 1 },
        hub: { ...bench.hubOptions, cacheDir: join(bench.folder, `cache-${kind}`) },
        workspace: join(bench.folder, 'work'),
        worker: { bin: BIN, environment: { HUBFUSE_HOME: join(bench.folder, 'home') } },
      };
      return { run, store: bench.store, execution };
    },
    hurry: () => hub.setFaults([]),
    statusOf: async ({ run }) => (await readRun({ store: bench.store, runId: run })).state.status,
    reopen: async ({ store }) => await openStore(store.url, await fullRegistry()),
    close: () => hub.close(),
  };
}

launcherContract('in-process', () => openBench('in-process'));
launcherContract('local', () => openBench('local'));

let bench: Awaited<ReturnType<typeof openBench>>;
beforeAll(async () => {
  bench = await openBench('local');
});
afterAll(() => bench.close());

test('a run goes on when the process that started it is killed, and another one answers for it', async () => {
  const { run, store, execution } = await bench.waiting('slow');
  const { registry: _, store: __, ...plain } = execution as ExecutionOptions;
  const script = fileURLToPath(new URL('launch-and-wait.mjs', import.meta.url));
  const parent = spawn(process.execPath, [script, JSON.stringify({ run, store: store.url, execution: plain })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const handle = String(await new Promise((resolve) => parent.stdout.once('data', resolve))).trim();
  const job = { run, store, handle };
  await expect.poll(async () => (await bench.launcher.describe(job)).status, { timeout: 60_000 }).toBe('running');
  parent.kill('SIGKILL');
  await new Promise((resolve) => parent.once('close', resolve));
  expect((await bench.launcher.describe(job)).status).toBe('running');
  bench.hurry();
  await expect.poll(async () => (await bench.launcher.describe(job)).status, { timeout: 60_000 }).toBe('done');
  const words = async () => {
    const found: unknown[] = [];
    for await (const line of bench.launcher.logs(job)) found.push(JSON.parse(line).event);
    return found;
  };
  // A worker says that it is done after the run is.
  await expect.poll(words, { timeout: 10_000 }).toEqual(expect.arrayContaining(['worker-started', 'worker-done']));
}, 120_000);

test('a token goes to the worker alone: it is no argument of its, and in no log', async () => {
  const { run, store, execution } = await bench.waiting('slow');
  const { handle, ended } = await bench.launcher.submit({ run, store, execution });
  const [pid] = handle.split('@');
  if (process.platform === 'linux') {
    expect(await readFile(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('hf_you');
    expect(await readFile(`/proc/${pid}/environ`, 'utf8')).toContain('HF_TOKEN=hf_you');
  }
  bench.hurry();
  await ended;
  const job = { run, store, handle };
  for await (const line of bench.launcher.logs(job)) expect(line).not.toContain('hf_you');
}, 120_000);

test('a process that ended before it took its run is told from one that is on its way', async () => {
  const { run, store, execution } = await bench.waiting('quick');
  const worker = { bin: fileURLToPath(new URL('no-such-command.js', import.meta.url)) };
  const { handle, ended } = await bench.launcher.submit({ run, store, execution: { ...execution, worker } });
  await expect(ended).rejects.toMatchObject({ code: 'run/not-done' });
  expect(await bench.launcher.describe({ run, store, handle })).toMatchObject({
    status: 'failed',
    reason: expect.stringContaining('before it took the run'),
  });
});

test('a worker that was sent for a run which failed meanwhile leaves it alone', async () => {
  const { run, store, execution } = await bench.waiting('broken');
  await expect((await bench.launcher.submit({ run, store, execution })).ended).rejects.toThrow('no-such-model');
  const before = (await readRun({ store, runId: run })).state;
  await expect((await bench.launcher.submit({ run, store, execution })).ended).rejects.toThrow('no-such-model');
  expect((await readRun({ store, runId: run })).state).toEqual(before);
  await retryRun({ store, runId: run });
  await expect((await bench.launcher.submit({ run, store, execution })).ended).rejects.toThrow('no-such-model');
  expect((await readRun({ store, runId: run })).state.attempts).toBe(before.attempts + 1);
}, 120_000);

test('the command line has a run executed by a process of its own and shows what came of it', async () => {
  bench.hurry();
  const directory = join(bench.bench.folder, 'command');
  await mkdir(directory, { recursive: true });
  const recipe = exampleRecipe({ method: 'task_arithmetic', domains: ['money', 'home'], evaluate: false });
  await writeFile(join(directory, 'recipe.yaml'), recipe);
  const result = await hubfuse(['merge', 'recipe.yaml', '--out', 'merged', '--launcher', 'local', '--json'], {
    directory,
    variables: {
      HF_ENDPOINT: bench.hub.url,
      HF_HOME: join(directory, 'huggingface'),
      HF_TOKEN: 'hf_you',
      HUBFUSE_HOME: join(directory, 'home'),
    },
  });
  expect(result.code, result.stderr).toBe(0);
  expect(existsSync(join(directory, 'merged', 'model.safetensors'))).toBe(true);
  const [log = ''] = await readdir(join(directory, 'home', 'work', 'logs'));
  expect(await readFile(join(directory, 'home', 'work', 'logs', log), 'utf8')).toContain('worker-done');
}, 120_000);

test('a recipe that wants several workers gets as many processes, which come to the bytes of one', async () => {
  const recipe = exampleRecipe({ method: 'task_arithmetic', domains: ['money', 'home'], evaluate: false });
  const alone = await bench.bench.run(`${recipe}# alone\n`);
  const run = await bench.bench.create(`${recipe}compute: {children: 3}\n`);
  const { execution } = await bench.waiting('quick');
  const job = { run, store: bench.bench.store, execution: { ...execution, runId: run } };
  const { ended, handle } = await bench.launcher.submit(job);
  await ended;
  const { report } = await readRun({ store: bench.bench.store, runId: run });
  const weights = (files: readonly { path: string; sha256: string }[] = []) =>
    files.find(({ path }) => path === 'model.safetensors')?.sha256;
  expect(weights(report?.files)).toBe(weights(alone.files));
  const children = new Set<unknown>();
  for await (const line of bench.launcher.logs({ run, store: bench.bench.store, handle })) {
    children.add((JSON.parse(line) as { child?: number }).child);
  }
  expect(children).toEqual(new Set([0, 1, 2]));
});
