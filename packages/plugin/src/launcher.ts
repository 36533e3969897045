import type { ObjectStore } from './store.ts';
import type { Tariff } from './tariff.ts';

/** A run that waits in a store to be executed. */
export interface Job {
  /** Id of the run. */
  run: string;
  /** Holds what was asked for, the run's state and in the end its report: all that launcher and executor share. */
  store: ObjectStore;
  /** What an execution works with: the `ExecutionOptions` of `@hubfuse/runs`; this floor only carries it. */
  execution: object;
}

/** A job that was submitted, as any process may name it later. */
export interface SubmittedJob {
  run: string;
  store: ObjectStore;
  /** The launcher's own name of the job (an id of AWS Batch, of HF Jobs). */
  handle: string;
}

export interface JobDescription {
  status: 'pending' | 'running' | 'done' | 'failed' | 'cancelled';
  /** Where a person may look. */
  url?: string;
  /** Why it failed, in a sentence. */
  reason?: string;
}

/** Where a run executes. One file per place. */
export interface Launcher {
  kind: 'launcher';
  /** `in-process`, `local`, `aws-batch`, `hf-jobs`. */
  name: string;
  description: string;
  /**
   * Whether `submit` finds what lives of an earlier submission of the run, by whatever process, and goes on with it instead of starting
   * the run a second time. Default: no.
   */
  findsEarlier?: boolean;
  /**
   * Starts a run; resolves when it is under way. `ended` settles when it has ended and rejects with what it failed with;
   * what came of it is in the store.
   */
  submit(job: Job): Promise<{ handle: string; ended: Promise<void> }>;
  describe(job: SubmittedJob): Promise<JobDescription>;
  /** Asks it to stop; the same run can be submitted again and continues. */
  cancel(job: SubmittedJob): Promise<void>;
  /**
   * What a run with this plan (a `RunPlan` of `@hubfuse/runs`) costs on the machine that it would be given. Absent: it runs on a
   * machine that costs nothing, as far as hubfuse is concerned.
   */
  tariffOf?(plan: object): Promise<Tariff>;
  /** What it has written so far, line by line; of a job that runs also what it goes on to write, where the launcher can follow it. */
  logs(job: SubmittedJob): AsyncIterable<string>;
}
