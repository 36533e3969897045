import { RunError } from '@hubfuse/plugin';
import { LEASE_MS } from '../owner.ts';
import type { PhaseContext } from '../phase.ts';
import { Bell } from './bell.ts';
import { type ServeOptions, serveTasks } from './serve-tasks.ts';
import { TaskBoard } from './task-board.ts';
import { TaskDesk } from './task-desk.ts';

/** Processes that execute a run together: one leads it, and may be replaced by any other. */
export interface Children {
  /** How many they are. */
  count: number;
  /** Number of this one, from 0. */
  index: number;
}

/** Whether others work on the run beside this process. */
export function hasChildren({ execution }: Pick<PhaseContext, 'execution'>): boolean {
  return (execution.children?.count ?? 1) > 1;
}

/**
 * Has tasks done by all children, this process among them.
 * @throws what a task failed with here: it would fail everywhere
 */
export async function leadChildren<T>(options: {
  context: Pick<PhaseContext, 'spec' | 'execution' | 'signal'>;
  /** Prepares this process for a group of tasks. */
  open: ServeOptions['open'];
  lead: (parts: { desk: TaskDesk; board: TaskBoard; children: number }) => Promise<T>;
}): Promise<T> {
  const { context, open, lead } = options;
  const { execution, spec, signal } = context;
  const { count, index } = execution.children ?? { count: 1, index: 0 };
  const board = new TaskBoard({ store: execution.store, runId: spec.id });
  const bell = new Bell();
  const desk = new TaskDesk({ board, bell });
  const stop = new AbortController();
  const serving = serveTasks({
    ...{ board, bell, open },
    child: index,
    leaseMs: execution.leaseMs ?? LEASE_MS,
    mostFailures: 1,
    signal: AbortSignal.any([signal, stop.signal]),
  });
  const stopped = serving.then((): never => {
    signal.throwIfAborted();
    throw new RunError({ code: 'run/children-ended', message: `nobody works on the tasks of the run "${spec.id}"` });
  });
  stopped.catch(() => undefined);
  try {
    return await Promise.race([lead({ desk, board, children: count }), stopped]);
  } finally {
    stop.abort();
    await desk.close();
    await serving.catch(() => undefined);
  }
}
