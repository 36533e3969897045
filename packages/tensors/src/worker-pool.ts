import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';
import { HubfuseError, MergeError, ResourceError, reviveError } from '@hubfuse/plugin';
import { threadSeconds } from './thread-seconds.ts';

/** As many workers as the machine runs at once. */
export function defaultWorkers(): number {
  return Math.max(1, availableParallelism());
}

type Reply = { id: number; seconds: number } & ({ result: unknown } | { error: unknown });

interface Pending {
  id: number;
  job: unknown;
  /** The one worker that may have it. */
  place: number | undefined;
  taken: ((place: number) => void) | undefined;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

/**
 * Worker threads that run jobs of one module. Jobs are started in the order in which they are given; a worker has one
 * job at a time. The first failure ends the pool, unless it outlives failed jobs: what comes after it is rejected with the
 * same error.
 */
export class WorkerPool {
  readonly size: number;
  readonly #workers: Worker[] = [];
  readonly #idle: Worker[] = [];
  readonly #running = new Map<Worker, Pending>();
  readonly #queue: Pending[] = [];
  readonly #open = new Set<Promise<unknown>>();
  readonly #outlivesFailures: boolean;
  #next = 0;
  #seconds = 0;
  #failure: unknown;
  #letGo: () => void = () => {};

  /**
   * @param options.data handed to every worker as `workerData` (structured clone).
   * @param options.outlivesFailures whether a job that fails is the business of whoever gave it alone. Default false.
   */
  constructor(options: {
    module: URL;
    workers: number;
    data: unknown;
    outlivesFailures?: boolean | undefined;
    signal?: AbortSignal | undefined;
  }) {
    this.size = Math.max(1, options.workers);
    this.#outlivesFailures = options.outlivesFailures ?? false;
    for (let i = 0; i < this.size; i++) {
      const worker = new Worker(options.module, { workerData: options.data });
      worker.on('message', (reply: Reply) => this.#settle(worker, reply));
      worker.on('error', (cause) => this.#fail(workerError(cause)));
      worker.on('exit', (code) => {
        if (this.#running.has(worker)) {
          this.#fail(
            new ResourceError({ code: 'merge/worker-died', message: `a worker thread ended with code ${code}` }),
          );
        }
      });
      this.#workers.push(worker);
      this.#idle.push(worker);
    }
    const { signal } = options;
    if (signal?.aborted === true) this.#fail(signal.reason);
    else if (signal !== undefined) {
      const abort = (): void => this.#fail(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      // A signal outlives many pools, and would keep each of them.
      this.#letGo = () => signal.removeEventListener('abort', abort);
    }
  }

  /** Seconds of processor time that all jobs have taken, as `threadSeconds` tells them. */
  get seconds(): number {
    return this.#seconds;
  }

  /**
   * Runs a job in the next free worker, or in the one at a place (counted from 0) as soon as that is free.
   * @param where.taken told the place of the worker that has the job, when it begins
   */
  run<Result>(
    job: unknown,
    { place, taken }: { place?: number | undefined; taken?: ((place: number) => void) | undefined } = {},
  ): Promise<Result> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const done = new Promise<Result>((resolve, reject) => {
      this.#queue.push({ id: this.#next++, job, place, taken, resolve: resolve as (value: unknown) => void, reject });
      this.#dispatch();
    });
    this.#open.add(done);
    const forget = (): unknown => this.#open.delete(done);
    done.then(forget, forget);
    return done;
  }

  /** Waits until the jobs that were given so far have ended, however they ended. */
  async rest(): Promise<void> {
    await Promise.allSettled(this.#open);
  }

  /**
   * Runs a job once in every worker, for what all of them must know. No other job may be waiting or running.
   * @throws what the first worker that failed has met
   */
  async runInAll(job: unknown): Promise<void> {
    if (this.#running.size > 0 || this.#queue.length > 0) throw new RangeError('the workers have other jobs');
    // As many jobs as workers, started at once: each goes to another one.
    const outcomes = await Promise.allSettled(Array.from({ length: this.size }, () => this.run<unknown>(job)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** Ends all workers at once. */
  async close(): Promise<void> {
    this.#failure ??= new MergeError({ code: 'merge/pool-closed', message: 'the worker pool was closed' });
    this.#letGo();
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #dispatch(): void {
    for (let index = 0; this.#idle.length > 0 && index < this.#queue.length; ) {
      const pending = this.#queue[index] as Pending;
      const { place } = pending;
      const free = place === undefined ? 0 : this.#idle.indexOf(this.#workers[place] as Worker);
      if (free === -1) {
        index++;
        continue;
      }
      const [worker] = this.#idle.splice(free, 1) as [Worker];
      this.#queue.splice(index, 1);
      this.#running.set(worker, pending);
      pending.taken?.(this.#workers.indexOf(worker));
      worker.postMessage({ id: pending.id, job: pending.job });
    }
  }

  #settle(worker: Worker, reply: Reply): void {
    const pending = this.#running.get(worker);
    if (pending === undefined || pending.id !== reply.id) return;
    this.#running.delete(worker);
    this.#idle.push(worker);
    this.#seconds += reply.seconds;
    if ('error' in reply) {
      const error = reviveError(reply.error);
      pending.reject(error);
      if (this.#outlivesFailures) this.#dispatch();
      else this.#fail(error);
      return;
    }
    pending.resolve(reply.result);
    this.#dispatch();
  }

  #fail(reason: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.#letGo();
    for (const pending of [...this.#running.values(), ...this.#queue]) pending.reject(reason);
    this.#running.clear();
    this.#queue.length = 0;
    for (const worker of this.#workers) void worker.terminate();
  }
}

function workerError(cause: unknown): HubfuseError {
  const code = (cause as { code?: string }).code;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new ResourceError({
      code: 'merge/out-of-memory',
      message: 'a worker thread ran out of memory',
      hint: 'give fewer workers (--workers) or less memory (--memory)',
      cause,
    });
  }
  return new MergeError({ code: 'merge/worker-failed', message: `a worker thread failed: ${message}`, cause });
}

/** A result some of whose buffers go to whoever asked for it, instead of being copied. */
export class HandedOver {
  readonly result: unknown;
  readonly buffers: readonly ArrayBuffer[];

  constructor(result: unknown, buffers: readonly ArrayBuffer[]) {
    this.result = result;
    this.buffers = buffers;
  }
}

/** The worker's side: answers every job with what `handle` returns. */
export function serveJobs(handle: (job: unknown) => unknown): void {
  const port = parentPort;
  if (port === null) throw new Error('serveJobs runs in a worker thread only');
  port.on('message', ({ id, job }: { id: number; job: unknown }) => {
    const began = threadSeconds();
    const answer = (outcome: { result: unknown } | { error: unknown }, buffers: readonly ArrayBuffer[] = []): void => {
      port.postMessage({ id, seconds: threadSeconds() - began, ...outcome }, buffers);
    };
    Promise.resolve()
      .then(() => handle(job))
      .then(
        (result) => {
          if (result instanceof HandedOver) answer({ result: result.result }, result.buffers);
          else answer({ result });
        },
        (error: unknown) => answer({ error: describeError(error) }),
      )
      .catch((error: unknown) => answer({ error: describeError(error) }));
  });
}

function describeError(error: unknown): unknown {
  if (error instanceof HubfuseError) return error.toJSON();
  return {
    name: 'MergeError',
    code: 'merge/worker-failed',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}
