import { setTimeout as wait } from 'node:timers/promises';
import type { Bell } from './bell.ts';
import { LOOK_MS, nextPause } from './looks.ts';
import type { TaskBoard, TaskStanding } from './task-board.ts';
import { TaskClaim } from './task-claim.ts';
import { readTaskName } from './task-name.ts';

/** Milliseconds for which a task that is meant for another child is left to it. */
const PATIENCE_MS = 3_000;
/** Milliseconds for which a child that left a task so long is not waited for again. */
const ABSENT_MS = 30_000;
const LONGEST_BEAT_MS = 5_000;

/** Does the tasks of one group. */
export interface TaskHelper {
  /** Tasks that it does at once. */
  readonly parallel: number;
  /** Does a task and returns its result. What the task says may change meanwhile: `onAmended` hears of it. */
  do(task: {
    name: string;
    body: Uint8Array;
    signal: AbortSignal;
    onAmended(listener: (body: Uint8Array) => void): void;
  }): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface ServeOptions {
  board: TaskBoard;
  bell: Bell;
  /** Number of this child. */
  child: number;
  leaseMs: number;
  /** So many tasks may fail here before this process gives up. */
  mostFailures: number;
  /** Prepares for the tasks of a group, whose job is given; undefined: this process can be of no help there. */
  open(group: string, job: Uint8Array): Promise<TaskHelper | undefined>;
  /** Told of every task that was done, and of every one that could not be done here. */
  onTask?: ((task: { name: string; seconds: number; failure?: unknown }) => void) | undefined;
  /** Ends it: tasks that are under way are left to others. */
  signal: AbortSignal;
}

/**
 * Does tasks of a board, those that are meant for this child first, until the signal ends it. A task that fails is left to others.
 * @throws what tasks failed with, where several did; whatever preparing for a group failed with
 */
export async function serveTasks(options: ServeOptions): Promise<void> {
  const server = new TaskServer(options);
  try {
    await server.serve();
  } finally {
    await server.close();
  }
}

class TaskServer {
  readonly #options: ServeOptions;
  readonly #helpers = new Map<string, Promise<TaskHelper | undefined>>();
  readonly #busy = new Map<string, Promise<void>>();
  /** Tasks that failed here. */
  readonly #failed = new Set<string>();
  /** When tasks that are meant for others were first seen to be free. */
  readonly #seen = new Map<string, number>();
  /** Until when children that left tasks lying are not waited for. */
  readonly #absent = new Map<number, number>();
  #failure: unknown;

  constructor(options: ServeOptions) {
    this.#options = options;
  }

  async serve(): Promise<void> {
    const { board, bell, signal } = this.#options;
    let pause = LOOK_MS.least;
    while (!signal.aborted) {
      const begun = await this.#beginNext(await board.list());
      if (this.#failed.size >= this.#options.mostFailures) throw this.#failure;
      pause = nextPause(pause, begun);
      if (!begun) await bell.wait(pause, signal);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#busy.values());
    for (const helper of this.#helpers.values()) await (await helper.catch(() => undefined))?.close();
  }

  /** Begins the task that comes first of those that nobody does. @returns whether there was one */
  async #beginNext(standing: ReadonlyMap<string, TaskStanding>): Promise<boolean> {
    const open = [...standing.values()].filter((one) => one.task && !one.result && !this.#busy.has(one.name));
    for (const { name } of this.#inOrder(open)) {
      if (this.#options.signal.aborted) return false;
      const helper = await this.#helper(readTaskName(name).group);
      if (helper === undefined || this.#busyIn(name) >= helper.parallel) continue;
      const claim = await TaskClaim.take({ ...this.#options, name });
      if (claim === undefined) continue;
      const { child } = readTaskName(name);
      if (child !== undefined && child !== this.#options.child) this.#absent.set(child, performance.now() + ABSENT_MS);
      const done = this.#carryOut(name, helper, claim).finally(() => {
        this.#busy.delete(name);
        this.#options.bell.ring();
      });
      this.#busy.set(name, done);
      return true;
    }
    return false;
  }

  /** Those for this child, those for anybody, and those of others that have been free for a while. */
  #inOrder(open: readonly TaskStanding[]): TaskStanding[] {
    const { child } = this.#options;
    const own: TaskStanding[] = [];
    const others: TaskStanding[] = [];
    const now = performance.now();
    for (const standing of open) {
      const { child: meant } = readTaskName(standing.name);
      if (this.#failed.has(standing.name)) continue;
      if (meant === undefined || meant === child) own.push(standing);
      else {
        const since = this.#seen.get(standing.name) ?? now;
        this.#seen.set(standing.name, since);
        if (now - since >= PATIENCE_MS || now < (this.#absent.get(meant) ?? 0)) others.push(standing);
      }
    }
    // The last ones of others first: they come to those in order.
    return [...own, ...others.reverse()];
  }

  #busyIn(name: string): number {
    const { group } = readTaskName(name);
    return [...this.#busy.keys()].filter((other) => readTaskName(other).group === group).length;
  }

  async #helper(group: string): Promise<TaskHelper | undefined> {
    const { board, open } = this.#options;
    const known = this.#helpers.get(group);
    if (known !== undefined) return await known;
    const job = await board.get(group, 'job');
    if (job === undefined) return undefined;
    const opening = open(group, job.body);
    opening.catch(() => undefined);
    this.#helpers.set(group, opening);
    return await opening;
  }

  async #carryOut(name: string, helper: TaskHelper, claim: TaskClaim): Promise<void> {
    const { board, signal, onTask } = this.#options;
    const begun = performance.now();
    const stop = new AbortController();
    const beats = new AbortController();
    const listeners: ((body: Uint8Array) => void)[] = [];
    const beating = this.#beat({ name, claim, stop, beats: beats.signal, listeners });
    try {
      const body = (await board.get(name, 'task'))?.body;
      // Somebody may have done it, and let go of it, since the list was read.
      if (body === undefined || (await board.isDone(name))) return;
      const both = AbortSignal.any([signal, stop.signal]);
      const onAmended = (listener: (body: Uint8Array) => void): void => void listeners.push(listener);
      const result = await helper.do({ name, body, signal: both, onAmended });
      await board.create(name, 'result', result);
      onTask?.({ name, seconds: (performance.now() - begun) / 1000 });
    } catch (failure) {
      // What was taken back, or by somebody else, is no failure.
      if (signal.aborted || stop.signal.aborted) return;
      this.#failed.add(name);
      this.#failure = failure;
      onTask?.({ name, seconds: (performance.now() - begun) / 1000, failure });
    } finally {
      beats.abort();
      await beating;
      await claim.release().catch(() => undefined);
    }
  }

  /** Renews a claim while its task is being done, hears what became of the task, and stops it where it was taken back. */
  async #beat(options: {
    name: string;
    claim: TaskClaim;
    stop: AbortController;
    beats: AbortSignal;
    listeners: readonly ((body: Uint8Array) => void)[];
  }): Promise<void> {
    const { name, claim, stop, beats, listeners } = options;
    const { board, leaseMs } = this.#options;
    const beatMs = Math.min(LONGEST_BEAT_MS, leaseMs / 4);
    for (;;) {
      await wait(beatMs, undefined, { signal: beats }).catch(() => undefined);
      if (beats.aborted) return;
      try {
        const task = await board.get(name, 'task');
        if (task === undefined || !(await claim.renew()))
          stop.abort(new Error(`the task ${name} is not ours any more`));
        else for (const listener of listeners) listener(task.body);
      } catch {
        // A store that cannot be reached for a moment is asked again; the claim may run out meanwhile.
      }
    }
  }
}
