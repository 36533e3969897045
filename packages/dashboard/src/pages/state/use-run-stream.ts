import { useEffect, useRef, useState } from 'preact/hooks';
import { type Connection, followRun } from '../api/follow-run.ts';
import { type Problem, problemOf } from '../api/problem.ts';
import type { RunEvent, RunProgress } from '../api/types.ts';

/** What happens in a run, as it happens. */
export interface RunStream {
  events: readonly RunEvent[];
  progress?: RunProgress;
  connection: Connection;
  problem?: Problem;
}

/**
 * Follows a run while a view is shown. @param attempt Counts up where the run was started once more.
 * @param onChange Told of events after which the run itself looks different.
 */
export function useRunStream(options: { id: string; attempt?: number; onChange?: () => void }): RunStream {
  const { id, attempt = 0, onChange } = options;
  const [stream, setStream] = useState<RunStream>({ events: [], connection: 'connecting' });
  const change = useRef(onChange);
  change.current = onChange;
  useEffect(() => {
    const stop = new AbortController();
    setStream({ events: [], connection: 'connecting' });
    // Hundreds of old events come at once: they are shown, and the run asked for, once for all of them.
    const arrived: RunEvent[] = [];
    let due: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      due = undefined;
      const events = arrived.splice(0);
      setStream((old) => ({ ...withoutStaleProgress(old, events), events: [...old.events, ...events] }));
      if (events.some(changesRun)) change.current?.();
    };
    void followRun({
      id,
      follower: {
        onEvent(event) {
          arrived.push(event);
          due ??= setTimeout(flush, 60);
        },
        onProgress: (progress) => setStream((old) => ({ ...old, progress })),
        onConnection: (connection) => setStream((old) => ({ ...old, connection })),
        onProblem: (error) => setStream((old) => ({ ...old, connection: 'over', problem: problemOf(error) })),
      },
      signal: stop.signal,
    });
    return () => {
      stop.abort();
      clearTimeout(due);
    };
  }, [id, attempt]);
  return stream;
}

/** Progress is of one phase: it says nothing once that phase has ended. */
function withoutStaleProgress(stream: RunStream, events: readonly RunEvent[]): RunStream {
  const phase = stream.progress?.phase;
  const over = events.some(
    (event) =>
      ['failed', 'cancelled', 'done'].includes(event.type) || (event.type === 'phase-done' && event.phase === phase),
  );
  if (!over) return stream;
  const { progress: _, ...rest } = stream;
  return rest;
}

function changesRun({ type }: RunEvent): boolean {
  return type !== 'search' && type !== 'warning';
}
