import { setTimeout as wait } from 'node:timers/promises';
import { RunError } from '@hubfuse/plugin';
import {
  type ExecutionOptions,
  executeRun,
  type HelpEnd,
  type HelpOptions,
  helpRun,
  type RunReport,
} from '@hubfuse/runs';

/** Between two attempts at a run whose owner may be gone. */
const PAUSE_MS = 2_000;

/** How a worker came to the end of a run: by its report, or by the end of what it could do for it. */
export type TakenRun = { report: RunReport } | { end: 'elsewhere' | Exclude<HelpEnd, 'free'> };

/**
 * Executes a run, and waits for it where another process seems to: the machine of a worker that was killed without a word
 * gives its last sign of life a lease before it counts as gone, and its successor starts sooner. One of several children helps
 * whoever leads the run meanwhile, and takes its place where it is gone. Whoever ends without a report is not started again: the run
 * has ended then, or is held by somebody who lives.
 * @returns `elsewhere` where another worker is alive after `patienceMs`
 */
export async function takeRun(options: {
  execution: ExecutionOptions;
  patienceMs: number;
  /** Stops the waiting. */
  signal: AbortSignal;
  onWait: (owner: string) => void;
  /** Told of the tasks of a child. */
  help: Pick<HelpOptions, 'onTask' | 'onDeclined'>;
}): Promise<TakenRun> {
  const { execution, patienceMs, signal, onWait, help } = options;
  const { children } = execution;
  const until = performance.now() + patienceMs;
  // The first child leads, unless another one does already.
  let helps = children !== undefined && children.index > 0;
  for (let told = false; ; ) {
    if (helps) {
      const end = await helpRun({ ...execution, ...help, release: signal });
      if (end !== 'free') return { end };
    }
    try {
      return { report: await executeRun(execution) };
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      const isHeld = error.code === 'run/already-running';
      // A child whose run was taken from it helps whoever has it now, and goes on where that one is lost in turn.
      if (children !== undefined && (isHeld || error.code === 'run/taken-over')) {
        helps = true;
        continue;
      }
      if (!isHeld) throw error;
      if (performance.now() > until) return { end: 'elsewhere' };
      if (!told) onWait(error.summary);
      told = true;
    }
    await wait(PAUSE_MS, undefined, { signal });
  }
}
