import { setTimeout as wait } from 'node:timers/promises';
import { openStore, registerStores, toJson } from '@hubfuse/objects';
import { type ObjectStore, Registry } from '@hubfuse/plugin';
import { beforeEach, expect, test, vi } from 'vitest';
import { Bell } from './bell.ts';
import { type ServeOptions, serveTasks, type TaskHelper } from './serve-tasks.ts';
import { TaskBoard } from './task-board.ts';
import { TaskClaim } from './task-claim.ts';
import { TaskDesk } from './task-desk.ts';
import { taskName } from './task-name.ts';

const registry = new Registry();
await registerStores(registry);
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array | undefined) => new TextDecoder().decode(body);
const name = (rest: string, child?: number) =>
  taskName({ group: 'sum-1', rest, ...(child === undefined ? {} : { child }) });

let store: ObjectStore;
let board: TaskBoard;
let count = 0;
beforeEach(async () => {
  store = await openStore(`memory:tasks-${count++}`, registry);
  board = new TaskBoard({ store, runId: 'one' });
});

/** Another process's claim, whose last sign of life was so long ago. */
async function claimOfAnother(task: string, agoMs: number): Promise<void> {
  const heartbeatAt = new Date(Date.now() - agoMs).toISOString();
  const owner = { host: 'elsewhere', pid: 1, nonce: 'other', heartbeatAt, leaseMs: 1_000 };
  await board.create(task, 'claim', toJson(owner));
}

/** Serves in the background until the test ends it. */
function serving(helper: Partial<TaskHelper>, more: Partial<ServeOptions> = {}) {
  const stop = new AbortController();
  const whole: TaskHelper = { parallel: 1, do: async ({ body }) => body, close: async () => undefined, ...helper };
  const options = { board, bell: new Bell(), child: 0, leaseMs: 400, mostFailures: 1, open: async () => whole };
  const ended = serveTasks({ ...options, signal: stop.signal, ...more });
  ended.catch(() => undefined);
  return {
    ended,
    async end(): Promise<void> {
      stop.abort();
      await ended;
    },
  };
}

test('a task has one taker while that one lives, and another one after that', async () => {
  const claim = await TaskClaim.take({ board, name: name('a'), leaseMs: 60_000 });
  expect(claim).toBeDefined();
  expect(await TaskClaim.take({ board, name: name('a'), leaseMs: 60_000 })).toBeUndefined();
  expect(await claim?.renew()).toBe(true);
  await claim?.release();
  expect(await TaskClaim.take({ board, name: name('a'), leaseMs: 60_000 })).toBeDefined();

  await claimOfAnother(name('b'), 500);
  expect(await TaskClaim.take({ board, name: name('b'), leaseMs: 60_000 })).toBeUndefined();
  await claimOfAnother(name('c'), 2_000);
  expect(await TaskClaim.take({ board, name: name('c'), leaseMs: 60_000 })).toBeDefined();
});

test('what is asked for is done, and a result that stands is not made again', async () => {
  await board.create(name('known'), 'result', bytes('stood'));
  const desk = new TaskDesk({ board, bell: new Bell() });
  await desk.announce('sum-1', bytes('job'));
  const did: string[] = [];
  const server = serving({
    do: async ({ name, body }) => {
      did.push(name);
      return bytes(`${text(body)} done`);
    },
  });
  expect(text(await desk.ask(name('known'), bytes('x')))).toBe('stood');
  expect(text(await desk.ask(name('new'), bytes('y')))).toBe('y done');
  expect(did).toEqual([name('new')]);
  await server.end();
  await desk.close();
});

test('whoever does a task hears what it has become, and stops where it is taken back', async () => {
  const desk = new TaskDesk({ board, bell: new Bell() });
  await desk.announce('sum-1', bytes('job'));
  const heard: string[] = [];
  const stopped = vi.fn();
  const server = serving({
    do: async ({ signal, onAmended }) => {
      onAmended((body) => heard.push(text(body)));
      await wait(20_000, undefined, { signal }).catch(stopped);
      return bytes('late');
    },
  });
  let now = 'first';
  const asking = desk.ask(name('a'), bytes(now), { amend: () => bytes(now) });
  const given = expect(asking).rejects.toThrow('taken back');
  await vi.waitFor(() => expect(heard).toContain('first'), 5_000);
  now = 'second';
  await vi.waitFor(() => expect(heard).toContain('second'), 10_000);
  await desk.forget(name('a'));
  await given;
  await vi.waitFor(() => expect(stopped).toHaveBeenCalled(), 5_000);
  await server.end();
  await desk.close();
});

test('a task that fails is left to others, and too many of them end the process', async () => {
  await board.put('sum-1', 'job', bytes('job'));
  await board.put(name('a'), 'task', bytes('x'));
  const broken = serving({
    do: async () => {
      throw new Error('no room here');
    },
  });
  await expect(broken.ended).rejects.toThrow('no room here');
  expect(await board.claimant(name('a'))).toBeUndefined();
  const whole = serving({});
  await vi.waitFor(async () => expect(text((await board.get(name('a'), 'result'))?.body)).toBe('x'), 5_000);
  await whole.end();
});

test('tasks that are meant for others come after those for this child', async () => {
  await board.put('sum-1', 'job', bytes('job'));
  for (const [rest, child] of [
    ['0', 1],
    ['1', 0],
    ['2', 1],
  ] as const)
    await board.put(name(rest, child), 'task', bytes(rest));
  const did: string[] = [];
  const server = serving({
    do: async ({ body }) => {
      did.push(text(body));
      return body;
    },
  });
  await vi.waitFor(() => expect(did).toEqual(['1', '2', '0']), 10_000);
  await server.end();
  await board.clear();
  expect((await store.list('runs/')).keys).toEqual([]);
});

test('two who write the same part keep two, and each result says its own', async () => {
  const of = async function* (word: string) {
    yield bytes(word);
  };
  const names = [await board.keepPart(name('a'), of('one')), await board.keepPart(name('a'), of('other'))];
  const contents: string[] = [];
  for (const part of names) {
    for await (const chunk of (await board.part(part)) ?? []) contents.push(text(chunk));
  }
  expect(contents).toEqual(['one', 'other']);
  await board.clear();
  expect(await board.part(names[0] ?? '')).toBeUndefined();
});
