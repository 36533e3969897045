import type { HubOptions } from '@hubfuse/hub';
import type { ObjectStore, Registry } from '@hubfuse/plugin';
import type { RunEvent, RunProgress } from './run-event.ts';

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
  /** Bytes that a merge may use. Default: the merge's own. */
  memory?: number | undefined;
  /**
   * Milliseconds without a sign of life after which another process may take the run over; signs come every 2 s, or four in
   * that time where it is short. Default 60,000.
   */
  leaseMs?: number | undefined;
  /** Go on with a search on another kind of processor than it began on. Default false. */
  allowOtherProcessor?: boolean | undefined;
  onEvent?: ((event: RunEvent) => void) | undefined;
  onProgress?: ((progress: RunProgress) => void) | undefined;
  /** Stops the run between two steps; it is then `cancelled` and can be resumed. */
  signal?: AbortSignal | undefined;
  /**
   * Gives the run back: it stops as for `signal`, but waits in the store to be executed again, here or elsewhere, and is not
   * cancelled. For a machine that is taken away.
   */
  release?: AbortSignal | undefined;
}
