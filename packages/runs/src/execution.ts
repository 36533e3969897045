import type { HubOptions } from '@hubfuse/hub';
import type { Device, ObjectStore, Registry, Tariff } from '@hubfuse/plugin';
import type { Children } from './children/lead-children.ts';
import type { RunEvent, RunProgress } from './run-event.ts';

/** How to start `hubfuse worker`. */
export interface WorkerCommand {
  /** Path of the `hubfuse` command's JavaScript file. */
  bin: string;
  /** Further arguments, such as `--plugin` with its value. */
  arguments?: readonly string[] | undefined;
  /** Variables beside those of this process. */
  environment?: Readonly<Record<string, string>> | undefined;
  /** Working directory. Default: that of this process. */
  directory?: string | undefined;
}

/** What an execution of a run works with. Nothing of it changes the result. */
export interface ExecutionOptions {
  store: ObjectStore;
  runId: string;
  registry: Registry;
  /** Hub access: token, cache, retries. Its `hubUrl`, `signal` and `onProgress` are the run's. */
  hub: HubOptions;
  /** Folder for scratch files and for outputs of runs without an `out` folder. */
  workspace: string;
  /** Worker threads of merging and scoring. Default: the processors available. */
  workers?: number | undefined;
  /**
   * Where scores are computed, whatever the recipe says. One that cannot be had is an error: no other takes its place. Scores of
   * different devices differ in their last bits, and are told apart. Default: `defaultDevice`, unless the recipe names one.
   */
  device?: Device | undefined;
  /** Where scores are computed on this machine where neither `device` nor the recipe says so. Default `cpu`. */
  defaultDevice?: Device | undefined;
  /** Bytes that a merge may use. Default: the merge's own. */
  memory?: number | undefined;
  /**
   * Milliseconds without a sign of life after which another process may take the run over; signs come every 2 s, or four in
   * that time where it is short. Default 60,000.
   */
  leaseMs?: number | undefined;
  /** Go on with a search on another kind of processor than it began on. Default false. */
  allowOtherProcessor?: boolean | undefined;
  /** Processes that execute this run together, of which this is one. Default: this one alone. */
  children?: Children | undefined;
  /**
   * Bytes of the model's files that go into the store as well, the smallest first: what can be read of the run where this machine's
   * disk is not, or is gone. Default 0.
   */
  keepFiles?: number | undefined;
  onEvent?: ((event: RunEvent) => void) | undefined;
  onProgress?: ((progress: RunProgress) => void) | undefined;
  /** What the machine that executes the run costs. Default: nothing. */
  tariff?: Tariff | undefined;
  /** How a launcher that starts a process of its own calls hubfuse. Default: as this process was called, where it is hubfuse. */
  worker?: WorkerCommand | undefined;
  /**
   * False: execute a run only while it waits for that, and one that has failed or was cancelled meanwhile not again. For whoever
   * was sent for a run, and did not ask for it. Default true.
   */
  continueEnded?: boolean | undefined;
  /** Stops the run between two steps; it is then `cancelled` and can be resumed. */
  signal?: AbortSignal | undefined;
  /**
   * Gives the run back: it stops as for `signal`, but waits in the store to be executed again, here or elsewhere, and is not
   * cancelled. For a machine that is taken away.
   */
  release?: AbortSignal | undefined;
}
