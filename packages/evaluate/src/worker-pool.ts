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
}

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

  /** Ends all workers at once; whatever they were asked rejects with `reason`. Later requests start new ones. */
  async end(reason: unknown): Promise<void> {
    await Promise.all(this.#members.map((_, place) => this.#drop(place, reason)));
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
    const member: Member = { worker, pending: new Map() };
    this.#members[place] = member;
    worker.on('message', (message: WorkerMessage) => this.#settle(member, message));
    worker.on('error', (cause) => this.#died(place, member, cause));
    worker.on('exit', (code) => this.#died(place, member, new Error(`exit code ${code}`)));
    // An idle worker must not keep the process alive; a pending request does, through its timer.
    worker.unref();
    return member;
  }

  #settle(member: Member, message: WorkerMessage): void {
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
    if (this.#members[place] !== member) return;
    const reason = new EvaluationError({
      code: 'evaluate/worker-died',
      message: `a worker thread ended unexpectedly: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'most often memory ran out: use fewer workers',
      cause,
    });
    this.#drop(place, reason).catch(() => {});
  }

  async #drop(place: number, reason: unknown): Promise<void> {
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
    await member.worker.terminate();
  }
}

/** An error of a worker keeps code, place and hint; its class does not cross threads. */
function revive({ code, message, where, hint }: WorkerError): HubfuseError {
  return new EvaluationError({ code, message, where, hint });
}
