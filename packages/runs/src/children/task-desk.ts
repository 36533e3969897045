import { RunError } from '@hubfuse/plugin';
import type { Bell } from './bell.ts';
import { LOOK_MS, nextPause } from './looks.ts';
import type { TaskBoard } from './task-board.ts';

interface Asked {
  /** What is to be done, as it was posted last. */
  body: Uint8Array;
  posted: boolean;
  /** What is to be done as it is known now: whoever does it is told. */
  amend?: (() => Uint8Array | undefined) | undefined;
  resolve(): void;
  reject(reason: unknown): void;
}

/** Where the process that leads a run has tasks done, by whoever comes first. Close it when done. */
export class TaskDesk {
  readonly #board: TaskBoard;
  readonly #bell: Bell;
  readonly #asked = new Map<string, Asked>();
  readonly #stop = new AbortController();
  #looking: Promise<void> | undefined;

  constructor({ board, bell }: { board: TaskBoard; bell: Bell }) {
    this.#board = board;
    this.#bell = bell;
  }

  /** Says what the tasks of a group have in common; to be awaited before the first of them is asked for. */
  async announce(group: string, job: Uint8Array): Promise<void> {
    await this.#board.put(group, 'job', job);
  }

  /** Has a task done and returns its result, or the one that stands already. Options as those of `settle`. */
  async ask(name: string, body: Uint8Array, options: Parameters<TaskDesk['settle']>[2] = {}): Promise<Uint8Array> {
    await this.settle(name, body, options);
    return await this.result(name);
  }

  /** The result of a task that is done. */
  async result(name: string): Promise<Uint8Array> {
    const found = await this.#board.get(name, 'result');
    if (found !== undefined) return found.body;
    throw new RunError({
      code: 'run/result-gone',
      message: `the result of the task ${name} is gone from the store`,
      hint: 'start the run again: it is made anew',
    });
  }

  /**
   * Has a task done, unless its result stands already.
   * @param options.amend looked at now and then: what the task is by now, where that changed
   */
  settle(
    name: string,
    body: Uint8Array,
    options: { amend?: (() => Uint8Array | undefined) | undefined; signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const { amend, signal } = options;
    return new Promise<void>((resolve, reject) => {
      if (this.#stop.signal.aborted || signal?.aborted === true) {
        reject(signal?.reason ?? this.#stop.signal.reason);
        return;
      }
      const leave = (): void => {
        this.#asked.delete(name);
        signal?.removeEventListener('abort', abort);
      };
      const abort = (): void => {
        leave();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#asked.set(name, {
        body,
        posted: false,
        amend,
        resolve: () => {
          leave();
          resolve();
        },
        reject: (reason) => {
          leave();
          reject(reason);
        },
      });
      this.#begin();
      this.#bell.ring();
    });
  }

  /** Looks until there is nothing to look for; who asks just when that ends begins it anew. */
  #begin(): void {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      if (this.#asked.size > 0 && !this.#stop.signal.aborted) this.#begin();
    });
  }

  /** Takes tasks back whose results are not needed any more. */
  async forget(name: string): Promise<void> {
    this.#asked.get(name)?.reject(new Error(`the task ${name} was taken back`));
    await this.#board.forget(name);
  }

  /** Rejects what was asked for and has no result yet. */
  async close(reason: unknown = new Error('the desk was closed')): Promise<void> {
    this.#stop.abort(reason);
    for (const { reject } of [...this.#asked.values()]) reject(reason);
    await this.#looking;
  }

  async #look(): Promise<void> {
    let pause = LOOK_MS.least;
    try {
      while (this.#asked.size > 0 && !this.#stop.signal.aborted) {
        const happened = await this.#lookOnce();
        pause = nextPause(pause, happened);
        if (this.#asked.size > 0) await this.#bell.wait(pause, this.#stop.signal);
      }
    } catch (error) {
      for (const { reject } of [...this.#asked.values()]) reject(error);
    }
  }

  /** @returns whether anything was posted or found */
  async #lookOnce(): Promise<boolean> {
    let happened = false;
    const standing = await this.#board.list();
    for (const [name, asked] of [...this.#asked]) {
      const stands = standing.get(name);
      if (stands?.result === true) {
        asked.resolve();
        happened = true;
      } else if (!asked.posted) {
        // One that an earlier leader posted may say something older.
        await this.#board.put(name, 'task', asked.body);
        asked.posted = true;
        happened = true;
      } else {
        const body = asked.amend?.();
        if (body === undefined || Buffer.compare(body, asked.body) === 0) continue;
        asked.body = body;
        await this.#board.put(name, 'task', body);
      }
    }
    if (happened) this.#bell.ring();
    return happened;
  }
}
