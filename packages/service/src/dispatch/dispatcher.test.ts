import type { Job, Launcher } from '@hubfuse/plugin';
import { type ExecutionOptions, readRun, readRunState, rebuildIndex } from '@hubfuse/runs';
import { afterAll, describe, expect, test } from 'vitest';
import { pushTo } from '../../test/payloads.ts';
import { setState, specsOf } from '../../test/runs.ts';
import { removeFolders, STORES, type StoreKind, testServices } from '../../test/services.ts';
import { receiveHubEvent } from '../events/receive-hub-event.ts';
import { readAccess } from '../starting/run-access.ts';
import { startRun } from '../starting/start-run.ts';
import { Dispatcher, type DispatcherSettings } from './dispatcher.ts';

afterAll(removeFolders);

const text = 'merge_method: linear\nmodels: [ns/x, ns/y]\n';

/** A launcher whose jobs end when a test says so. */
class HeldLauncher implements Launcher {
  readonly kind = 'launcher';
  readonly name = 'held';
  readonly description = 'ends when it is told';
  readonly submitted: { run: string; token: string | undefined; handle: string }[] = [];
  readonly alive = new Set<string>();
  findsEarlier = false;
  readonly #ends = new Map<string, () => void>();

  async submit({ run, execution }: Job) {
    const handle = `job-${this.submitted.length}`;
    this.submitted.push({ run, token: (execution as ExecutionOptions).hub.token, handle });
    this.alive.add(handle);
    return { handle, ended: new Promise<void>((resolve) => this.#ends.set(handle, resolve)) };
  }

  async describe({ handle }: { handle: string }) {
    return { status: this.alive.has(handle) ? ('running' as const) : ('failed' as const) };
  }

  async cancel() {}

  async *logs() {}

  /** Lets a job end, and what waits for that go on. */
  async end(handle: string): Promise<void> {
    this.alive.delete(handle);
    this.#ends.get(handle)?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function dispatching(kind: StoreKind = 'memory', settings: Partial<DispatcherSettings> = {}) {
  const opened = await testServices(kind);
  for (const model of ['ns/x', 'ns/y']) opened.hub.addModel(model);
  const launcher = new HeldLauncher();
  const problems: unknown[] = [];
  const make = (more: Partial<DispatcherSettings> = {}) =>
    new Dispatcher({
      services: opened.another(),
      launcher,
      execution: { workspace: '/nowhere' },
      onProblem: (error) => problems.push(error),
      ...settings,
      ...more,
    });
  const start = () => startRun(opened.services, { recipe: { text } });
  return { ...opened, launcher, problems, make, start, dispatcher: make() };
}

describe.each(STORES)('a dispatcher over a store of the kind %s', (kind) => {
  test('submits what waits, the oldest first, no more at once than it may', async () => {
    const { services, launcher, dispatcher, start, clock, problems } = await dispatching(kind, { concurrency: 2 });
    const ids: string[] = [];
    for (let index = 0; index < 4; index++) {
      ids.push((await start()).id);
      clock.now += 1000;
      // Runs are dated by the real clock, to the millisecond.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await dispatcher.look();
    await dispatcher.look();
    expect(launcher.submitted.map(({ run }) => run)).toEqual(ids.slice(0, 2));
    await setState(services.store, ids[0] ?? '', { status: 'done' });
    await launcher.end('job-0');
    await dispatcher.look();
    expect(launcher.submitted.map(({ run }) => run)).toEqual(ids.slice(0, 3));
    expect(problems).toEqual([]);
  });

  test('two over one store submit each run once', async () => {
    const { launcher, make, start } = await dispatching(kind, { concurrency: 10 });
    const [one, other] = [make(), make()];
    const ids = await Promise.all([start(), start(), start(), start()]);
    await Promise.all([one.look(), other.look()]);
    await Promise.all([one.look(), other.look()]);
    expect(launcher.submitted.map(({ run }) => run).sort()).toEqual(ids.map(({ id }) => id).sort());
    expect(one.runs.length + other.runs.length).toBe(4);
  });

  test('a run whose job ended without it is submitted again, after longer and longer pauses', async () => {
    const { launcher, dispatcher, start, clock } = await dispatching(kind);
    await start();
    await dispatcher.look();
    await launcher.end('job-0');
    await dispatcher.look();
    expect(launcher.submitted).toHaveLength(1);
    clock.now += 600;
    await dispatcher.look();
    await launcher.end('job-1');
    await dispatcher.look();
    clock.now += 600;
    await dispatcher.look();
    expect(launcher.submitted).toHaveLength(2);
    clock.now += 600;
    await dispatcher.look();
    expect(launcher.submitted).toHaveLength(3);
  });

  test('the runs of a dispatcher that died are taken up: jobs that live are kept, others submitted again', async () => {
    const { launcher, dispatcher, make, start, clock } = await dispatching(kind, { concurrency: 2 });
    const [first, second] = [await start(), await start()];
    await dispatcher.look();
    expect(launcher.submitted).toHaveLength(2);
    const dead = launcher.submitted.find(({ run }) => run === second.id)?.handle ?? '';
    await launcher.end(dead);
    const successor = make();
    await successor.look();
    expect(successor.runs).toEqual([]);
    clock.now += 31_000;
    await successor.look();
    expect(new Set(successor.runs)).toEqual(new Set([first.id, second.id]));
    expect(launcher.submitted.map(({ run }) => run).filter((run) => run === second.id)).toHaveLength(2);
    expect(launcher.submitted.map(({ run }) => run).filter((run) => run === first.id)).toHaveLength(1);
  });
});

test('a run that another process executes is left to it until its lease is over', async () => {
  const { services, launcher, dispatcher, start, clock } = await dispatching();
  const { id } = await start();
  const heartbeatAt = new Date(clock.now).toISOString();
  const owner = { host: 'elsewhere', pid: 1, nonce: 'n', heartbeatAt, leaseMs: 60_000 };
  await setState(services.store, id, { status: 'running', owner });
  await dispatcher.look();
  clock.now += 59_000;
  await dispatcher.look();
  expect(launcher.submitted).toEqual([]);
  clock.now += 2_000;
  await dispatcher.look();
  expect(launcher.submitted.map(({ run }) => run)).toEqual([id]);
});

test('jobs that a dispatcher left behind are found by a launcher that can, and looked after by another one', async () => {
  const { services, launcher, dispatcher, make, start, clock } = await dispatching();
  launcher.findsEarlier = true;
  const { id } = await start();
  await dispatcher.look();
  const running = () => {
    const heartbeatAt = new Date(clock.now).toISOString();
    const owner = { host: 'elsewhere', pid: 1, nonce: 'n', heartbeatAt, leaseMs: 60_000 };
    return setState(services.store, id, { status: 'running', owner });
  };
  await running();
  const successor = make();
  await successor.look();
  expect(successor.runs).toEqual([]);
  clock.now += 31_000;
  await running();
  await successor.look();
  expect(successor.runs).toEqual([id]);
  // It asks the launcher, which starts nothing where all of it lives.
  expect(launcher.submitted.map(({ run }) => run)).toEqual([id, id]);
  await successor.look();
  expect(launcher.submitted).toHaveLength(2);
  // A launcher that cannot find it leaves it alone: whoever executes it lives.
  launcher.findsEarlier = false;
  clock.now += 31_000;
  await running();
  const third = make();
  await third.look();
  expect(third.runs).toEqual([]);
});

test('a run that kills every worker is stopped some day, and its recipe says so', async () => {
  const { services, launcher, dispatcher, clock } = await dispatching();
  await services.recipes.put({ name: 'r', text });
  const { id } = await startRun(services, { recipe: { name: 'r' } });
  for (
    let look = 0;
    look < 200 && (await readRunState({ store: services.store, runId: id })).status === 'queued';
    look++
  ) {
    await dispatcher.look();
    for (const handle of [...launcher.alive]) await launcher.end(handle);
    clock.now += 61_000;
  }
  expect((await readRunState({ store: services.store, runId: id })).status).toBe('cancelled');
  expect(await services.recipes.notes.list('r')).toMatchObject([{ code: 'run/given-up' }]);
  expect(launcher.submitted.length).toBeGreaterThan(10);
});

describe('the token of a caller', () => {
  test('goes to the worker of its run alone, again after a crash, and is wiped at the end', async () => {
    const { services, launcher, dispatcher, start, clock } = await dispatching('memory', { concurrency: 2 });
    const token = 'hf_callersOwn';
    const { id } = await startRun(services, { recipe: { text }, token });
    const other = await start();
    await dispatcher.look();
    await launcher.end(launcher.submitted.find(({ run }) => run === id)?.handle ?? '');
    await dispatcher.look();
    clock.now += 1000;
    await dispatcher.look();
    const tokensOf = (wanted: string) => launcher.submitted.filter(({ run }) => run === wanted).map((job) => job.token);
    expect(tokensOf(id)).toEqual([token, token]);
    expect(tokensOf(other.id)).toEqual(['hf_service']);
    await setState(services.store, id, { status: 'failed', error: { name: 'X', code: 'x/y', message: 'm' } });
    await dispatcher.look();
    expect(await services.secrets.take({ run: id, generation: 1 })).toBeUndefined();
    expect(await readAccess(services.store, id)).toMatchObject({ ownToken: true });
  });

  test('a run whose token is gone is not executed with that of the service', async () => {
    const { services, launcher, dispatcher } = await dispatching();
    const { id } = await startRun(services, { recipe: { text }, token: 'hf_callersOwn' });
    await services.secrets.wipe({ run: id, generation: 1 });
    await dispatcher.look();
    expect(launcher.submitted).toEqual([]);
    expect((await readRunState({ store: services.store, runId: id })).status).toBe('cancelled');
  });
});

describe('schedules', () => {
  const scheduled = `${text}trigger: {schedule: "0 * * * *"}\n`;

  test('make one run per moment, however many look', async () => {
    const { services, make, clock } = await dispatching();
    const others = [make(), make(), make()];
    await services.recipes.put({ name: 'r', text: scheduled });
    const looks = async (): Promise<void> => {
      for (const each of others) await each.look();
    };
    clock.now += 60_000;
    await looks();
    // What was due before it was stored is not made up for.
    expect(await specsOf(services.store)).toEqual([]);
    for (const hour of [13, 14]) {
      clock.now = Date.parse(`2026-11-30T${hour}:00:30Z`);
      // Each of them as the one that has the chores.
      for (let turn = 0; turn < 3; turn++) {
        clock.now += 20_000;
        await looks();
      }
      for (const { id } of await specsOf(services.store)) await setState(services.store, id, { status: 'done' });
    }
    const specs = await specsOf(services.store);
    expect(specs.map(({ origin }) => origin.trigger)).toEqual(['schedule', 'schedule']);
    expect(specs[0]?.origin.recipe?.name).toBe('r');
  });

  test('wait for the run before, and make up for one moment after a pause', async () => {
    const { services, dispatcher, clock } = await dispatching();
    await services.recipes.put({ name: 'r', text: scheduled });
    clock.now = Date.parse('2026-11-30T13:00:00Z');
    await dispatcher.look();
    const [first] = await specsOf(services.store);
    clock.now = Date.parse('2026-11-30T14:00:00Z');
    await dispatcher.look();
    expect(await specsOf(services.store)).toHaveLength(1);
    await setState(services.store, first?.id ?? '', { status: 'done' });
    clock.now = Date.parse('2026-11-30T19:30:00Z');
    await dispatcher.look();
    clock.now += 60_000;
    await dispatcher.look();
    expect(await specsOf(services.store)).toHaveLength(2);
  });
});

test('a running dispatcher is woken by a delivery, and stops with its signal', async () => {
  const { services, launcher } = await dispatching();
  await services.recipes.put({ name: 'r', text });
  const dispatcher = new Dispatcher({ services, launcher, execution: { workspace: '/nowhere' }, pauseMs: 600_000 });
  const stop = new AbortController();
  const running = dispatcher.run(stop.signal);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await receiveHubEvent(services, pushTo({ repo: 'ns/x', number: 1 }));
  for (let wait = 0; wait < 500 && launcher.submitted.length === 0; wait++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(launcher.submitted).toHaveLength(1);
  stop.abort();
  await running;
  const { spec } = await readRun({ store: services.store, runId: launcher.submitted[0]?.run ?? '' });
  expect(spec.origin.trigger).toBe('webhook');
});

test('runs that were kept long enough go, with what is kept about them, and living ones never', async () => {
  const { services, make, start } = await dispatching();
  const ids = [(await start()).id, (await start()).id, (await start()).id];
  await setState(services.store, ids[0] ?? '', { status: 'done', updatedAt: '2026-01-01T00:00:00Z' });
  await setState(services.store, ids[1] ?? '', { status: 'queued', updatedAt: '2026-01-01T00:00:00Z' });
  await setState(services.store, ids[2] ?? '', { status: 'failed', updatedAt: new Date().toISOString() });
  await rebuildIndex({ store: services.store });
  await make({ retention: { olderThanMs: 86_400_000 } }).look();
  const kept = (await specsOf(services.store)).map(({ id }) => id);
  expect(kept.sort()).toEqual(ids.slice(1).sort());
  expect(await readAccess(services.store, ids[0] ?? '')).toBeUndefined();
  expect(await readAccess(services.store, ids[2] ?? '')).toBeDefined();
});

test('a dispatcher that stops waits for jobs that stop with it, and lets their runs go at once', async () => {
  const { services, launcher, make, start } = await dispatching();
  const { id } = await start();
  const stop = new AbortController();
  const dispatcher = make({ drainMs: 60_000, pauseMs: 600_000 });
  const running = dispatcher.run(stop.signal);
  for (let wait = 0; wait < 500 && launcher.submitted.length === 0; wait++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  stop.abort();
  const ended = await Promise.race([running.then(() => 'ended'), new Promise((resolve) => setTimeout(resolve, 50))]);
  expect(ended).toBeUndefined();
  await launcher.end('job-0');
  await running;
  const successor = make();
  await successor.look();
  expect(launcher.submitted.map(({ run }) => run)).toEqual([id, id]);
  expect((await readRunState({ store: services.store, runId: id })).status).toBe('queued');
});

test('what fails is told and does not keep the rest from being done', async () => {
  const { services, launcher, make, problems } = await dispatching();
  await services.recipes.put({ name: 'r', text });
  const broken = new TextEncoder().encode('{');
  for (const key of ['recipes', 'inbox', 'outbox', 'attended']) {
    await services.store.put(`service/${key}/broken.json`, broken);
  }
  await receiveHubEvent(services, pushTo({ repo: 'ns/x', number: 1 }));
  await make().look();
  expect(problems.length).toBeGreaterThan(2);
  expect(await specsOf(services.store)).toHaveLength(1);
  expect(launcher.submitted).toHaveLength(1);
});
