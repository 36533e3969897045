import { setTimeout as wait } from 'node:timers/promises';
import { RunError } from '@hubfuse/plugin';
import { type ExecutionOptions, executeRun, type RunReport } from '@hubfuse/runs';

/** Between two attempts at a run whose owner may be gone. */
const PAUSE_MS = 2_000;

/**
 * Executes a run, and waits for it where another process seems to: the machine of a worker that was killed without a word
 * gives its last sign of life a lease before it counts as gone, and its successor starts sooner.
 * @returns undefined where another worker is alive after `patienceMs`
 */
export async function takeRun(options: {
  execution: ExecutionOptions;
  patienceMs: number;
  /** Stops the waiting. */
  signal: AbortSignal;
  onWait: (owner: string) => void;
}): Promise<RunReport | undefined> {
  const { execution, patienceMs, signal, onWait } = options;
  const until = performance.now() + patienceMs;
  for (let told = false; ; ) {
    try {
      return await executeRun(execution);
    } catch (error) {
      if (!(error instanceof RunError) || error.code !== 'run/already-running') throw error;
      if (performance.now() > until) return undefined;
      if (!told) onWait(error.summary);
      told = true;
    }
    await wait(PAUSE_MS, undefined, { signal });
  }
}
