import { randomBytes } from 'node:crypto';
import type { JobDescription } from '@hubfuse/plugin';
import { isAlive, isPending, type JobRequest, type JobsAccess, type ListedJob } from './jobs-access.ts';
import { labelValue } from './label-value.ts';

/** By which jobs are found again, whoever started them. */
const LABEL = {
  run: 'hubfuse-run',
  life: 'hubfuse-life',
  array: 'hubfuse-array',
  child: 'hubfuse-child',
  children: 'hubfuse-children',
} as const;

/** Jobs that may be started for one child: a lost machine is followed by another, a worker that loses each is not. */
const MOST_JOBS = 4;
/** Times that the Hub may refuse to start a further child before no more is asked for. */
const MOST_REFUSALS = 20;

/** A run in one of its lives: it has another one each time that it is made active again. */
export interface RunLife {
  run: string;
  generation: number;
}

/** What jobs are that were found by their labels. */
export interface FoundArray {
  /** Names it in labels and in the handle of its run. */
  id: string;
  children: number;
  flavor: string;
  jobs: readonly ListedJob[];
}

/** The labels that all jobs of a run have. */
export function labelsOfRun(run: string): Record<string, string> {
  return { [LABEL.run]: labelValue(run) };
}

/** Those among the jobs of a run that were started together, by the name of their array. */
export function jobsOfArray(jobs: readonly ListedJob[], id: string): ListedJob[] {
  return jobs.filter(({ labels }) => labels[LABEL.array] === id);
}

/** Which child of its run a job is; the first where it does not say. */
export function childOf({ labels }: ListedJob): number {
  return Number(labels[LABEL.child] ?? 0);
}

/** The array of this life of a run of which some job lives: the oldest, should two launchers have started one each. */
export function findArray(jobs: readonly ListedJob[], { generation }: RunLife): FoundArray | undefined {
  const ours = jobs.filter(({ labels }) => labels[LABEL.life] === String(generation));
  const [oldest] = ours.filter(isAlive).sort((a, b) => (age(a) < age(b) ? -1 : 1));
  const id = oldest?.labels[LABEL.array];
  if (oldest === undefined || id === undefined) return undefined;
  const children = Number(oldest.labels[LABEL.children] ?? 1);
  return { id, children, flavor: oldest.flavor, jobs: jobsOfArray(ours, id) };
}

function age({ createdAt, id }: ListedJob): string {
  return `${createdAt} ${id}`;
}

/** What all jobs of an array are together: running where any runs, pending while any may still come. */
export function foldJobs(jobs: readonly ListedJob[]): JobDescription {
  if (jobs.some(({ stage }) => stage === 'RUNNING')) return { status: 'running' };
  if (jobs.some(isAlive)) return { status: 'pending' };
  return { status: 'failed', reason: reasonOf(jobs) };
}

/** Why jobs that have ended did not bring their run to its end. */
export function reasonOf(jobs: readonly ListedJob[]): string {
  if (jobs.length === 0) return 'the Hub knows the job no more; start the run again to continue';
  const told = jobs.find(({ message }) => message !== undefined && message !== '');
  if (told?.message !== undefined) return told.message;
  const stages = [...new Set(jobs.map(({ stage }) => stage ?? 'gone'))].join(', ');
  return `the job is ${stages}, and the run is not done; start it again to continue`;
}

/**
 * The jobs that execute a run together, one for each child. Hugging Face Jobs know no arrays: labels tell which jobs belong together, so
 * that any process finds them, and starts only those that are missing.
 */
export class JobArray {
  readonly id: string;
  readonly children: number;
  readonly #access: Pick<JobsAccess, 'list' | 'run' | 'status'>;
  readonly #life: RunLife;
  readonly #request: (child: number, labels: Record<string, string>) => Promise<JobRequest>;
  /** What was started here: a list may not show yet what was started a moment ago. */
  readonly #started = new Map<string, ListedJob>();
  #refusals = 0;

  constructor(options: {
    access: Pick<JobsAccess, 'list' | 'run' | 'status'>;
    life: RunLife;
    children: number;
    /** What stands of it. Default: nothing. */
    found?: FoundArray | undefined;
    /** The job of a child. */
    request: (child: number, labels: Record<string, string>) => Promise<JobRequest>;
  }) {
    this.#access = options.access;
    this.#life = options.life;
    this.#request = options.request;
    this.id = options.found?.id ?? randomBytes(8).toString('hex');
    this.children = options.children;
    for (const job of options.found?.jobs ?? []) this.#started.set(job.id, job);
  }

  /** All its jobs as the Hub tells of them now. */
  async look(): Promise<ListedJob[]> {
    const listed = jobsOfArray(await this.#access.list(labelsOfRun(this.#life.run)), this.id);
    const seen = new Set(listed.map(({ id }) => id));
    for (const job of this.#started.values()) {
      if (!seen.has(job.id)) listed.push({ ...job, ...(await this.#access.status(job.id)) });
    }
    for (const job of listed) this.#started.set(job.id, job);
    return listed;
  }

  /**
   * Starts what is missing: children that have no job yet, and those whose machine is lost, each so many times.
   * @param jobs that stand
   * @returns the same and those that were started
   * @throws what the Hub refuses them with, where none lives; else those that are missing come later, or the others do without
   */
  async complete(jobs: readonly ListedJob[]): Promise<ListedJob[]> {
    const all = [...jobs];
    for (let child = 0; child < this.children; child++) {
      const own = jobs.filter((job) => childOf(job) === child);
      if (own.length >= MOST_JOBS || !own.every(({ stage }) => stage === 'ERROR')) continue;
      if (this.#refusals >= MOST_REFUSALS) break;
      try {
        all.push(await this.#start(child));
      } catch (error) {
        this.#refusals++;
        if (!all.some(isAlive)) throw error;
        break;
      }
    }
    return all;
  }

  async #start(child: number): Promise<ListedJob> {
    const labels = {
      ...labelsOfRun(this.#life.run),
      [LABEL.life]: String(this.#life.generation),
      [LABEL.array]: this.id,
      [LABEL.child]: String(child),
      [LABEL.children]: String(this.children),
    };
    const request = await this.#request(child, labels);
    const id = await this.#access.run(request);
    const createdAt = new Date().toISOString();
    const job = { id, labels, createdAt, flavor: request.flavor, stage: 'SCHEDULING', message: undefined };
    this.#started.set(id, job);
    return job;
  }
}

/** Cancels those jobs that wait for a machine: they would get one for nothing. */
export async function callOff(access: Pick<JobsAccess, 'cancel'>, jobs: readonly ListedJob[]): Promise<void> {
  for (const job of jobs) if (isPending(job)) await access.cancel(job.id);
}
