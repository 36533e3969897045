import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { openStore, registerStores } from '@hubfuse/objects';
import { HubError, type ObjectStore, Registry } from '@hubfuse/plugin';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { sampleRecipe } from '../test/recipes.ts';
import { cancelRun } from './cancel-run.ts';
import { createRun } from './create-run.ts';
import { readEvents } from './event-log.ts';
import { comeToRest, executePhases } from './execute-phases.ts';
import type { Phase } from './phase.ts';
import { readRun } from './read-run.ts';
import type { RunEvent } from './run-event.ts';
import { changeState } from './state-cell.ts';

const registry = new Registry();
let folder: string;
let url: string;
let store: ObjectStore;
let count = 0;

beforeAll(async () => {
  await registerStores(registry);
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-runs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  url = pathToFileURL(join(folder, String(count++))).href;
  store = await openStore(url, registry);
});

const options = (runId: string, more: { signal?: AbortSignal; onEvent?: (event: RunEvent) => void } = {}) => ({
  store,
  runId,
  registry,
  hub: { cacheDir: '' },
  workspace: '',
  ...more,
});
const finish = async () => ({ published: false });
const phase = (name: Phase['name'], run: Phase['run']): Phase => ({ name, run });

async function events(runId: string): Promise<RunEvent[]> {
  const all: RunEvent[] = [];
  for await (const event of readEvents({ store, runId })) all.push(event);
  return all;
}

test('phases run in the order that the plan gives, each reading what came before', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  const heard: RunEvent[] = [];
  const state = await executePhases(
    options(id, { onEvent: (event) => heard.push(event) }),
    [
      phase('merge', async (context) => ({ output: `${context.output<string>('resolve')}, merged` })),
      phase('resolve', async () => ({ output: 'pinned', next: ['merge'] })),
    ],
    finish,
  );
  expect(state.status).toBe('done');
  expect(state.phases.map(({ name, status, output }) => [name, status, output])).toEqual([
    ['resolve', 'done', 'pinned'],
    ['merge', 'done', 'pinned, merged'],
  ]);
  expect(state.owner).toBeUndefined();
  const stored = await events(id);
  expect(stored.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(stored.map(({ type }) => type)).toEqual([
    'started',
    'phase-started',
    'phase-done',
    'phase-started',
    'phase-done',
    'done',
  ]);
  expect(heard).toEqual(stored);
});

test('a run that is done is not executed again', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  let times = 0;
  const phases = [
    phase('resolve', async () => {
      times++;
      return {};
    }),
  ];
  await executePhases(options(id), phases, finish);
  await executePhases(options(id), phases, finish);
  expect(times).toBe(1);
});

test('a failure is stored with its code, and the next execution goes on at the phase that failed', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  const calls: string[] = [];
  const phases = (broken: boolean) => [
    phase('resolve', async () => {
      calls.push('resolve');
      return { next: ['fetch'] };
    }),
    phase('fetch', async () => {
      calls.push('fetch');
      if (broken) throw new HubError({ code: 'hub/unreachable', message: 'the Hub does not answer', hint: 'wait' });
      return {};
    }),
  ];
  await expect(executePhases(options(id), phases(true), finish)).rejects.toMatchObject({ code: 'hub/unreachable' });
  const { state } = await readRun({ store, runId: id });
  expect(state.status).toBe('failed');
  expect(state.error).toEqual({
    name: 'HubError',
    code: 'hub/unreachable',
    message: 'the Hub does not answer',
    hint: 'wait',
  });
  const done = await executePhases(options(id), phases(false), finish);
  expect(done.status).toBe('done');
  expect(done.error).toBeUndefined();
  expect(calls).toEqual(['resolve', 'fetch', 'fetch']);
  expect((await events(id)).filter(({ type }) => type === 'started').at(-1)).toMatchObject({
    attempt: 2,
    resumedAt: 'fetch',
  });
});

test('a run whose process was killed goes on where it was, with what the dead process had found', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  const script = fileURLToPath(new URL('../test/crash-in-phase.mjs', import.meta.url));
  expect(spawnSync(process.execPath, [script, url, id]).signal).toBe('SIGKILL');
  expect((await readRun({ store, runId: id })).state.status).toBe('running');
  expect(await createRun({ store, recipe: sampleRecipe() })).toEqual({ id, resumed: true });
  const state = await executePhases(
    options(id),
    [phase('fetch', async (context) => ({ output: context.output('resolve') })), phase('merge', async () => ({}))],
    finish,
  );
  expect(state.status).toBe('done');
  expect(state.phases.find(({ name }) => name === 'fetch')?.output).toEqual({ from: 'first process' });
  const numbers = (await events(id)).map(({ number }) => number);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
});

test('two executions of one run at a time are refused', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let entered: () => void = () => undefined;
  const running = new Promise<void>((resolve) => {
    entered = resolve;
  });
  const phases = [
    phase('resolve', async () => {
      entered();
      await held;
      return {};
    }),
  ];
  const first = executePhases(options(id), phases, finish);
  await running;
  await expect(executePhases(options(id), phases, finish)).rejects.toMatchObject({ code: 'run/already-running' });
  release();
  expect((await first).status).toBe('done');
});

test('a signal stops a run, which goes on when it is started again', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  const controller = new AbortController();
  const phases = (stop: boolean) => [
    phase('resolve', async ({ signal }) => {
      if (stop) controller.abort();
      signal.throwIfAborted();
      return {};
    }),
  ];
  await expect(executePhases(options(id, { signal: controller.signal }), phases(true), finish)).rejects.toMatchObject({
    code: 'run/cancelled',
  });
  expect((await readRun({ store, runId: id })).state.status).toBe('cancelled');
  expect((await executePhases(options(id), phases(false), finish)).status).toBe('done');
});

test('a run is stopped through its store by somebody who cannot reach its process', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  const untilStopped = phase('resolve', async ({ signal }) => {
    await cancelRun({ store, runId: id });
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    signal.throwIfAborted();
    return {};
  });
  await expect(executePhases(options(id), [untilStopped], finish)).rejects.toMatchObject({ code: 'run/cancelled' });
  const again = await executePhases(options(id), [phase('resolve', async () => ({}))], finish);
  expect(again.status).toBe('done');
  expect((await events(id)).map(({ type }) => type)).toContain('cancelled');
});

test('a phase of a newer version is refused by name', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  const phases = [phase('resolve', async () => ({ next: ['publish'] }))];
  await expect(executePhases(options(id), phases, finish)).rejects.toMatchObject({ code: 'run/unknown-phase' });
});

test('recording an artefact twice keeps the later one', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  const artefact = { name: 'model', kind: 'folder' as const };
  const state = await executePhases(
    options(id),
    [
      phase('resolve', async (context) => {
        await context.artefact({ ...artefact, location: '/first' });
        await context.artefact({ ...artefact, location: '/second' });
        return {};
      }),
    ],
    finish,
  );
  expect(state.artefacts).toEqual([{ ...artefact, location: '/second' }]);
});

test('a run that another process took over stops at once and leaves the state to its new owner', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  const taken = phase('resolve', async ({ signal }) => {
    await changeState(store, id, (state) => ({
      ...state,
      owner: { host: 'elsewhere', pid: 1, nonce: 'other', heartbeatAt: new Date().toISOString(), leaseMs: 60_000 },
    }));
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    signal.throwIfAborted();
    return {};
  });
  await expect(executePhases(options(id), [taken], finish)).rejects.toMatchObject({ code: 'run/taken-over' });
  const { state } = await readRun({ store, runId: id });
  expect(state).toMatchObject({ status: 'running', owner: { nonce: 'other' } });
});

test('cancelling a run that failed or is done changes nothing', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  const broken = phase('resolve', async () => {
    throw new HubError({ code: 'hub/unreachable', message: 'no' });
  });
  await expect(executePhases(options(id), [broken], finish)).rejects.toMatchObject({ code: 'hub/unreachable' });
  await cancelRun({ store, runId: id });
  expect((await executePhases(options(id), [phase('resolve', async () => ({}))], finish)).status).toBe('done');
});

test('a run that is given back is taken up by whoever comes next, and was never cancelled', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  const controller = new AbortController();
  const phases = (leave: boolean) => [
    phase('resolve', async ({ signal }) => {
      if (leave) controller.abort();
      signal.throwIfAborted();
      return {};
    }),
  ];
  const leaving = executePhases({ ...options(id), release: controller.signal }, phases(true), finish);
  await expect(leaving).rejects.toMatchObject({ code: 'run/released' });
  const { state } = await readRun({ store, runId: id });
  expect(state.owner).toBeUndefined();
  expect(state.error).toBeUndefined();
  expect((await events(id)).map(({ type }) => type)).toEqual(['started', 'phase-started', 'released']);
  expect((await executePhases(options(id), phases(false), finish)).status).toBe('done');
});

test('a run that is cancelled while it is given back is cancelled', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  const both = phase('resolve', async ({ signal }) => {
    stop.abort();
    leave.abort();
    signal.throwIfAborted();
    return {};
  });
  const [stop, leave] = [new AbortController(), new AbortController()];
  const ending = executePhases({ ...options(id, { signal: stop.signal }), release: leave.signal }, [both], finish);
  await expect(ending).rejects.toMatchObject({ code: 'run/cancelled' });
  expect((await readRun({ store, runId: id })).state.status).toBe('cancelled');
});

test('a phase whose files another machine kept is run again, and so is all behind it', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  const ran: string[] = [];
  let here = false;
  const phases: Phase[] = [
    phase('resolve', async () => ({ next: ['merge', 'evaluate', 'publish'] })),
    {
      ...phase('merge', async () => {
        ran.push('merge');
        return { output: 'folder' };
      }),
      stands: async ({ output }) => output('merge') === 'folder' && here,
    },
    phase('evaluate', async () => {
      ran.push('evaluate');
      return {};
    }),
    phase('publish', async () => {
      ran.push('publish');
      if (ran.filter((name) => name === 'publish').length < 3)
        throw new HubError({ code: 'hub/unreachable', message: 'no' });
      return {};
    }),
  ];
  await expect(executePhases(options(id), phases, finish)).rejects.toMatchObject({ code: 'hub/unreachable' });
  await expect(executePhases(options(id), phases, finish)).rejects.toMatchObject({ code: 'hub/unreachable' });
  here = true;
  expect((await executePhases(options(id), phases, finish)).status).toBe('done');
  expect(ran).toEqual(['merge', 'evaluate', 'publish', 'merge', 'evaluate', 'publish', 'publish']);
});

test('what does not stop with its run is waited for before the process may end', async () => {
  const { id } = await createRun({ store, recipe: sampleRecipe() });
  const release = new AbortController();
  let begin: () => void = () => undefined;
  let end: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const native = new Promise<void>((resolve) => {
    end = resolve;
  });
  const deaf = phase('resolve', async () => {
    begin();
    await native;
    return {};
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const running = executePhases({ ...options(id), release: release.signal }, [deaf], finish);
    await begun;
    release.abort();
    vi.advanceTimersByTime(2_000);
    await expect(running).rejects.toMatchObject({ code: 'run/released' });
  } finally {
    vi.useRealTimers();
  }
  let rested = false;
  const resting = comeToRest(60_000).then(() => {
    rested = true;
  });
  await comeToRest(1);
  expect(rested).toBe(false);
  end();
  await resting;
});
