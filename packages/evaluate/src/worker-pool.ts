import { SHARE_ENV, Worker } from 'node:worker_threads';
import { type Device, EvaluationError, type HubfuseError } from '@hubfuse/plugin';
import { sessionThreads } from './device.ts';
import type { Replies, Request, WorkerError, WorkerMessage, WorkerStart } from './protocol.ts';

interface Pending {
  kind: Request['kind'];
  resolve(reply: unknown): void;
  reject(cause: unknown): void;
  timer: NodeJS.Timeout;
}

interface Member {
  worker: Worker;
  pending: Map<number, Pending>;
  /** Requests that the library of onnxruntime is at work on, or may be before long: answered or not waited for any more. */
  native: Set<number>;
  /** Called when none of those is left. */
  onRest: () => void;
}

/** Requests that a thread may be ended in the middle of: those of JavaScript alone. */
const INTERRUPTIBLE: ReadonlySet<Request['kind']> = new Set(['encode']);

/** Worker threads of `score-worker.js`, started when they are first asked. */
export class WorkerPool {
  readonly size: number;
  readonly #timeout: number;
  readonly #start: WorkerStart;
  readonly #members: (Member | undefined)[];
  readonly #seconds = new Map<Request['kind'], number>();
  #requests = 0;

  /** @param options.timeout Seconds until an unanswered request counts as hung. */
  constructor(options: { workers: number; timeout: number; modules: readonly string[]; device?: Device | undefined }) {
    const { device = 'cpu' } = options;
    this.size = sessionThreads(device, options.workers);
    this.#timeout = options.timeout;
    this.#start = { modules: [...options.modules], device };
    this.#members = new Array<Member | undefined>(this.size).fill(undefined);
  }

  /**
   * Asks the worker at `place` and waits for its answer.
   * @throws the error that the worker met; EvaluationError where it dies or hangs (it is ended then).
   */
  request<R extends Request>(place: number, request: R): Promise<Replies[R['kind']]> {
    const member = this.#member(place);
    const id = ++this.#requests;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#hung(place, request), this.#timeout * 1000);
      member.pending.set(id, { kind: request.kind, resolve: resolve as (reply: unknown) => void, reject, timer });
      if (!INTERRUPTIBLE.has(request.kind)) member.native.add(id);
      member.worker.postMessage({ id, request });
    });
  }

  /**
   * Does `count` pieces of work, each worker taking the next one when it is free. The order of completion is open:
   * results belong where the index says.
   * @param perform Does the piece `index` with the worker at `place`.
   * @param most Take no more workers than this. Default: all.
   * @throws what the first failing piece threw, after all workers have come to rest.
   */
  async share(
    count: number,
    perform: (place: number, index: number) => Promise<void>,
    most: number = this.size,
  ): Promise<void> {
    let next = 0;
    let failure: { cause: unknown } | undefined;
    const work = async (place: number): Promise<void> => {
      while (next < count && failure === undefined) {
        try {
          await perform(place, next++);
        } catch (cause) {
          failure ??= { cause };
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.size, most, count) }, (_, place) => work(place)));
    if (failure !== undefined) throw failure.cause;
  }

  /** Seconds of processor time that requests of a kind have taken, as `threadSeconds` tells them. */
  seconds(kind: Request['kind']): number {
    return this.#seconds.get(kind) ?? 0;
  }

  /** Whether the worker at `place` has been started and not ended. */
  isRunning(place: number): boolean {
    return this.#members[place] !== undefined;
  }

  /**
   * Ends all workers; whatever they were asked rejects with `reason` at once. Later requests start new ones. A thread that is inside
   * onnxruntime ends when it comes out of it, or after the time-out: ended in there, it would take the process with it.
   */
  async end(reason: unknown): Promise<void> {
    await Promise.all(this.#members.map((_, place) => this.#drop(place, reason, this.#timeout * 1000)));
  }

  /**
   * Does work that ends with the signal. A run inside onnxruntime cannot be interrupted: an abort ends the threads, and is over when
   * they are, since a process that ends while one computes is aborted by the library.
   * @throws the signal's reason once it is aborted; else what `work` throws.
   */
  async abortable<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    let ended: Promise<void> | undefined;
    const onAbort = (): void => {
      ended = this.end(signal?.reason).catch(() => undefined);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await work();
    } catch (cause) {
      await ended;
      signal?.throwIfAborted();
      throw cause;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #member(place: number): Member {
    const existing = this.#members[place];
    if (existing !== undefined) return existing;
    const worker = new Worker(new URL('./score-worker.js', import.meta.url), {
      workerData: this.#start,
      // The library of onnxruntime reads variables of the process, not of the thread.
      env: SHARE_ENV,
    });
    const member: Member = { worker, pending: new Map(), native: new Set(), onRest: () => {} };
    this.#members[place] = member;
    worker.on('message', (message: WorkerMessage) => this.#settle(member, message));
    worker.on('error', (cause) => this.#died(place, member, cause));
    worker.on('exit', (code) => this.#died(place, member, new Error(`exit code ${code}`)));
    // An idle worker must not keep the process alive; a pending request does, through its timer.
    worker.unref();
    return member;
  }

  #settle(member: Member, message: WorkerMessage): void {
    member.native.delete(message.id);
    if (member.native.size === 0) member.onRest();
    const pending = member.pending.get(message.id);
    if (pending === undefined) return;
    member.pending.delete(message.id);
    clearTimeout(pending.timer);
    this.#seconds.set(pending.kind, this.seconds(pending.kind) + message.seconds);
    if ('reply' in message) pending.resolve(message.reply);
    else pending.reject(revive(message.error));
  }

  #hung(place: number, request: Request): void {
    const reason = new EvaluationError({
      code: 'evaluate/timeout',
      message: `a worker did not answer "${request.kind}" within ${this.#timeout} seconds`,
      hint: 'give a longer timeout, smaller batches or a shorter longest input',
    });
    this.#drop(place, reason).catch(() => {});
  }

  #died(place: number, member: Member, cause: unknown): void {
    member.native.clear();
    member.onRest();
    if (this.#members[place] !== member) return;
    const reason = new EvaluationError({
      code: 'evaluate/worker-died',
      message: `a worker thread ended unexpectedly: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'most often memory ran out: use fewer workers',
      cause,
    });
    this.#drop(place, reason).catch(() => {});
  }

  /** @param restMs how long the thread may take to come out of onnxruntime */
  async #drop(place: number, reason: unknown, restMs = 0): Promise<void> {
    const member = this.#members[place];
    if (member === undefined) return;
    this.#members[place] = undefined;
    for (const { reject, timer } of member.pending.values()) {
      clearTimeout(timer);
      reject(reason);
    }
    member.pending.clear();
    // The process must wait for a thread that is being ended.
    member.worker.ref();
    if (restMs > 0) await rest(member, restMs);
    await member.worker.terminate();
  }
}

/** Resolves when a thread is out of onnxruntime, and after `mostMs` at the latest. */
function rest(member: Member, mostMs: number): Promise<void> {
  if (member.native.size === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, mostMs);
    member.onRest = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

/** An error of a worker keeps code, place and hint; its class does not cross threads. */
function revive({ code, message, where, hint }: WorkerError): HubfuseError {
  return new EvaluationError({ code, message, where, hint });
}
