import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionOptions } from '../execution.ts';
import { isAlive, LEASE_MS } from '../owner.ts';
import { readSpec } from '../read-run.ts';
import { withScratchFolder } from '../scratch-folder.ts';
import { readState } from '../state-cell.ts';
import { isActive } from '../state-word.ts';
import { released } from '../stored-error.ts';
import { storedPlan } from '../stored-plan.ts';
import { Bell } from './bell.ts';
import { MERGE_GROUP, openMergeHelper } from './merge-tasks.ts';
import { openSearchHelper } from './open-search-helper.ts';
import { SEARCH_GROUP } from './search-tasks.ts';
import { serveTasks } from './serve-tasks.ts';
import { isShared } from './shared-steps.ts';
import { TaskBoard } from './task-board.ts';

/** Milliseconds between two looks at the run, or four in a lease where that is short. */
const LOOK_MS = 2_000;
/** Milliseconds for which a run that nobody has begun is left to the first child. */
const FIRST_MS = 5_000;
/** Tasks that may fail in a child before it ends: another one may have more memory or disk. */
const MOST_FAILURES = 3;

/**
 * Why a child stops helping. `ended`: the run has; `needless`: nothing is left that children share, and somebody who lives does it;
 * `free`: nobody leads the run, so whoever comes first may.
 */
export type HelpEnd = 'ended' | 'needless' | 'free';

/** How any process takes part in a run, whether it leads it or helps. */
export type SharedExecution = Pick<
  ExecutionOptions,
  | 'store'
  | 'runId'
  | 'registry'
  | 'hub'
  | 'workspace'
  | 'workers'
  | 'memory'
  | 'device'
  | 'defaultDevice'
  | 'leaseMs'
  | 'children'
>;

export interface HelpOptions extends SharedExecution {
  /** Told of every task that was done, or failed here. */
  onTask?: ((task: { name: string; seconds: number; failure?: unknown }) => void) | undefined;
  /** Told why it cannot help with some of the tasks. */
  onDeclined?: ((reason: string) => void) | undefined;
  /** Leaves what is under way to others. */
  release?: AbortSignal | undefined;
}

/**
 * Does tasks of a run that another process leads, until that makes no sense any more.
 * @throws RunError `run/released` where the signal ends it; what several tasks failed with
 */
export async function helpRun(options: HelpOptions): Promise<HelpEnd> {
  const { runId, workspace, release } = options;
  const stop = new AbortController();
  const signal = release === undefined ? stop.signal : AbortSignal.any([release, stop.signal]);
  try {
    const end = await withScratchFolder(
      workspace,
      async (scratch) => {
        const serving = serve({ ...options, scratch, signal });
        const watching = watch({ ...options, signal });
        // Whichever fails ends the other; the folder goes when both have come to rest.
        try {
          return await Promise.race([watching, serving.then(() => watching)]);
        } finally {
          stop.abort();
          await serving;
        }
      },
      runId,
    );
    if (release?.aborted === true) throw released(runId);
    return end;
  } catch (error) {
    throw release?.aborted === true ? released(runId) : error;
  }
}

/** Prepares for tasks as they come, and does them. */
async function serve(options: HelpOptions & { scratch: string; signal: AbortSignal }): Promise<void> {
  const { store, runId, signal, onTask } = options;
  const board = new TaskBoard({ store, runId });
  const spec = await readSpec(store, runId);
  const hub = { ...options.hub, hubUrl: spec.options.hubUrl ?? options.hub.hubUrl, signal };
  await serveTasks({
    ...{ board, onTask, signal },
    bell: new Bell(),
    child: options.children?.index ?? 0,
    leaseMs: options.leaseMs ?? LEASE_MS,
    mostFailures: MOST_FAILURES,
    open: async (group, job) => {
      const plan = await storedPlan(store, runId);
      if (group.startsWith(MERGE_GROUP))
        return await openMergeHelper({ ...options, board, job, plan, hub, execution: options });
      return group.startsWith(SEARCH_GROUP) ? await openSearchHelper({ ...options, spec, plan, job, hub }) : undefined;
    },
  });
}

/**
 * Waits for the end of this child's help. A child that goes is not started again, so it goes only where a leader has given a sign of
 * life since it came: one who is called the owner before that may be its own predecessor, whose machine is gone.
 */
async function watch(options: HelpOptions & { signal: AbortSignal }): Promise<HelpEnd> {
  const { store, runId, signal, leaseMs = LEASE_MS } = options;
  const begun = performance.now();
  let first: string | undefined;
  for (;;) {
    const { state } = await readState(store, runId);
    if (!isActive(state.status)) return 'ended';
    const { owner } = state;
    if (state.status === 'running' && owner !== undefined && isAlive(owner)) {
      const sign = `${owner.nonce} ${owner.heartbeatAt}`;
      first ??= sign;
      if (sign !== first && !isShared(state)) return 'needless';
    } else {
      const isNew = state.attempts === 0 && performance.now() - begun < FIRST_MS;
      if (!isNew) return 'free';
    }
    await wait(Math.min(LOOK_MS, leaseMs / 4), undefined, { signal });
  }
}
