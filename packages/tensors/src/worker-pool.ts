import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';
import { HubfuseError, MergeError, ResourceError, reviveError } from '@hubfuse/plugin';

/** As many workers as the machine runs at once. */
export function defaultWorkers(): number {
  return Math.max(1, availableParallelism());
}

type Reply = { id: number; result: unknown } | { id: number; error: unknown };

interface Pending {
  id: number;
  job: unknown;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

/**
 * Worker threads that run jobs of one module. Jobs are started in the order in which they are given; a worker has one
 * job at a time. The first failure ends the pool: what comes after it is rejected with the same error.
 */
export class WorkerPool {
  readonly size: number;
  readonly #workers: Worker[] = [];
  readonly #idle: Worker[] = [];
  readonly #running = new Map<Worker, Pending>();
  readonly #queue: Pending[] = [];
  #next = 0;
  #failure: unknown;

  /** @param options.data handed to every worker as `workerData` (structured clone). */
  constructor(options: { module: URL; workers: number; data: unknown; signal?: AbortSignal | undefined }) {
    this.size = Math.max(1, options.workers);
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
    options.signal?.addEventListener('abort', () => this.#fail(options.signal?.reason), { once: true });
    if (options.signal?.aborted === true) this.#fail(options.signal.reason);
  }

  /** Runs a job in the next free worker. */
  run<Result>(job: unknown): Promise<Result> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ id: this.#next++, job, resolve: resolve as (value: unknown) => void, reject });
      this.#dispatch();
    });
  }

  /** Ends all workers at once. */
  async close(): Promise<void> {
    this.#failure ??= new MergeError({ code: 'merge/pool-closed', message: 'the worker pool was closed' });
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #dispatch(): void {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const worker = this.#idle.shift() as Worker;
      const pending = this.#queue.shift() as Pending;
      this.#running.set(worker, pending);
      worker.postMessage({ id: pending.id, job: pending.job });
    }
  }

  #settle(worker: Worker, reply: Reply): void {
    const pending = this.#running.get(worker);
    if (pending === undefined || pending.id !== reply.id) return;
    this.#running.delete(worker);
    this.#idle.push(worker);
    if ('error' in reply) {
      const error = reviveError(reply.error);
      pending.reject(error);
      this.#fail(error);
      return;
    }
    pending.resolve(reply.result);
    this.#dispatch();
  }

  #fail(reason: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
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

/** The worker's side: answers every job with what `handle` returns. */
export function serveJobs(handle: (job: unknown) => unknown): void {
  const port = parentPort;
  if (port === null) throw new Error('serveJobs runs in a worker thread only');
  port.on('message', ({ id, job }: { id: number; job: unknown }) => {
    Promise.resolve()
      .then(() => handle(job))
      .then(
        (result) => port.postMessage({ id, result }),
        (error: unknown) => port.postMessage({ id, error: describeError(error) }),
      )
      .catch((error: unknown) => port.postMessage({ id, error: describeError(error) }));
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
