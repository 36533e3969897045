import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Container } from './container.ts';
import type { EventChannel } from './event-channel.ts';
import type { Job } from './job.ts';
import type { LogStreams } from './log-streams.ts';
import { type AttemptEnd, isRetried } from './retry-decision.ts';
import type { Attempt, JobQueue, JobStatus } from './types.ts';

const EXITED = 'Essential container in task exited';

export interface SchedulerOptions {
  queues: ReadonlyMap<string, JobQueue>;
  logs: LogStreams;
  events: EventChannel;
  /** Parent of the disks of all containers. */
  folder: string;
  /** Variables of every container, as an image and its host bring them. */
  environment: Readonly<Record<string, string>>;
  /** Between the SIGTERM of a stop and its SIGKILL. */
  graceMs: number;
}

/** Moves jobs through their states and runs what they command. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #running = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Carries a job to its end. `find` resolves the jobs that it depends on. */
  async carryOut(job: Job, find: (id: string) => Job): Promise<void> {
    if (job.children.length > 0) await this.#carryOutArray(job, find);
    else if (await this.#dependenciesHold(job, this.#dependencies(job, find))) await this.#attempts(job);
  }

  async #carryOutArray(job: Job, find: (id: string) => Job): Promise<void> {
    const { dependsOn = [] } = job.submission;
    const sequential = dependsOn.some(({ type }) => type === 'SEQUENTIAL');
    const whole = dependsOn.flatMap(({ jobId, type }) => (jobId && type !== 'N_TO_N' ? [find(jobId)] : []));
    if (!(await this.#dependenciesHold(job, whole))) {
      for (const child of job.children) this.#end(child, 'FAILED', 'Dependent Job failed');
      return;
    }
    await Promise.all(
      job.children.map(async (child, index) => {
        const before = sequential && index > 0 ? [job.children[index - 1]] : [];
        const matching = dependsOn.flatMap(({ jobId, type }) =>
          jobId && type === 'N_TO_N' ? [find(jobId).children[index]] : [],
        );
        const dependencies = [...before, ...matching].filter((one) => one !== undefined);
        if (!(await this.#dependenciesHold(child, dependencies))) return;
        await this.#attempts(child);
      }),
    );
    const failed = job.children.some(({ status }) => status === 'FAILED');
    this.#end(job, failed ? 'FAILED' : 'SUCCEEDED', failed ? 'Array Child Job failed' : undefined);
  }

  #dependencies(job: Job, find: (id: string) => Job): Job[] {
    return (job.submission.dependsOn ?? []).flatMap(({ jobId }) => (jobId === undefined ? [] : [find(jobId)]));
  }

  /** Waits for what a job depends on; ends it and returns false where that failed or the job was ended meanwhile. */
  async #dependenciesHold(job: Job, dependencies: readonly Job[]): Promise<boolean> {
    this.#enter(job, 'PENDING');
    const ends = Promise.all(dependencies.map(({ ended }) => ended));
    const outcome = await Promise.race([ends, job.ended.then(() => 'over' as const)]);
    if (outcome === 'over') return false;
    if (outcome.every((status) => status === 'SUCCEEDED')) return true;
    this.#end(job, 'FAILED', 'Dependent Job failed');
    return false;
  }

  async #attempts(job: Job): Promise<void> {
    for (;;) {
      this.#enter(job, 'RUNNABLE');
      const free = await this.#slot(job);
      // It may have been cancelled while it waited.
      if (free === undefined) return;
      let end: AttemptEnd;
      try {
        end = await this.#attempt(job);
      } finally {
        free();
      }
      if (end.exitCode === 0) return this.#end(job, 'SUCCEEDED', end.statusReason);
      if (job.ending !== undefined) return this.#end(job, 'FAILED', job.ending);
      if (!isRetried(job.retryStrategy, end, job.attempts.length)) return this.#end(job, 'FAILED', end.statusReason);
    }
  }

  async #attempt(job: Job): Promise<AttemptEnd> {
    const { logs, folder, graceMs } = this.#options;
    this.#enter(job, 'STARTING');
    const task = randomUUID().replaceAll('-', '');
    const logStreamName = `${job.definition.name}/default/${task}`;
    const attempt: Attempt = {
      container: { logStreamName, taskArn: `arn:aws:ecs:us-east-1:123456789012:task/double/${task}` },
      startedAt: Date.now(),
    };
    job.attempts.push(attempt);
    const disk = join(folder, task);
    job.container = await Container.start({
      command: [...job.definition.entrypoint, ...job.command],
      environment: this.#environment(job, disk),
      disk,
      onLine: (line) => logs.write(logStreamName, line),
    });
    if (job.ending !== undefined) job.container.kill('container');
    job.startedAt ??= attempt.startedAt;
    this.#enter(job, 'RUNNING');
    const seconds = job.timeoutSeconds;
    let timedOut = false;
    const timer =
      seconds === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            job.ending ??= 'Job attempt duration exceeded timeout';
            job.container?.stop(graceMs, 'container');
          }, seconds * 1000);
    const { exitCode } = await job.container.ended;
    clearTimeout(timer);
    job.container = undefined;
    const lost = exitCode === undefined;
    const statusReason = lost ? `Host EC2 (instance i-${task.slice(0, 17)}) terminated.` : EXITED;
    attempt.stoppedAt = Date.now();
    attempt.statusReason = timedOut ? 'Job attempt duration exceeded timeout' : statusReason;
    if (!lost) attempt.container.exitCode = exitCode;
    return { ...(lost ? {} : { exitCode }), statusReason: attempt.statusReason };
  }

  /** `/scratch` in a value is the disk that the host mounts there. */
  #environment(job: Job, disk: string): Record<string, string> {
    const own = Object.fromEntries(
      (job.submission.containerOverrides?.environment ?? []).map(({ name, value }) => [name, value]),
    );
    const all = { ...this.#options.environment, ...job.definition.environment, ...own };
    const mounted = Object.entries(all).map(([name, value]) => [name, value.replace(/^\/scratch(?=\/|$)/, disk)]);
    return {
      ...Object.fromEntries(mounted),
      AWS_BATCH_JOB_ID: job.id,
      AWS_BATCH_JQ_NAME: job.submission.jobQueue,
      AWS_BATCH_JOB_ATTEMPT: String(job.attempts.length),
      ...(job.index === undefined ? {} : { AWS_BATCH_JOB_ARRAY_INDEX: String(job.index) }),
    };
  }

  /** Waits for room in the queue; undefined where the job ended meanwhile. Returns what gives the room back. */
  async #slot(job: Job): Promise<(() => void) | undefined> {
    const { jobQueue } = job.submission;
    const slots = this.#options.queues.get(jobQueue)?.slots ?? Number.POSITIVE_INFINITY;
    while ((this.#running.get(jobQueue) ?? 0) >= slots && !job.isOver) {
      const room = new Promise<void>((resolve) => {
        this.#waiting.set(jobQueue, [...(this.#waiting.get(jobQueue) ?? []), resolve]);
      });
      await Promise.race([room, job.ended]);
    }
    if (job.isOver) return undefined;
    this.#running.set(jobQueue, (this.#running.get(jobQueue) ?? 0) + 1);
    return () => {
      this.#running.set(jobQueue, (this.#running.get(jobQueue) ?? 1) - 1);
      for (const resolve of this.#waiting.get(jobQueue) ?? []) resolve();
      this.#waiting.delete(jobQueue);
    };
  }

  #enter(job: Job, status: JobStatus): void {
    if (job.isOver || job.status === status) return;
    job.status = status;
    this.#options.events.send(job.describe());
  }

  #end(job: Job, status: 'SUCCEEDED' | 'FAILED', reason: string | undefined): void {
    if (job.isOver) return;
    job.end(status, reason);
    this.#options.events.send(job.describe());
  }

  /** CancelJob: what has not started yet never does. */
  cancel(job: Job, reason: string): void {
    for (const one of [job, ...job.children]) {
      if (one.status === 'SUBMITTED' || one.status === 'PENDING' || one.status === 'RUNNABLE') {
        this.#end(one, 'FAILED', reason);
      }
    }
  }

  /** TerminateJob: also what runs, by SIGTERM and then SIGKILL. */
  terminate(job: Job, reason: string): void {
    for (const one of job.children.length > 0 ? job.children : [job]) {
      if (one.status === 'STARTING' || one.status === 'RUNNING') {
        one.ending = reason;
        one.container?.stop(this.#options.graceMs, 'container');
      } else this.#end(one, 'FAILED', reason);
    }
  }
}
