import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type Problem, problemOf } from '../api/problem.ts';

/** Something that is loaded from the server, as a view sees it. */
export interface Loaded<T> {
  /** What came last; it stays while it is loaded again. */
  value?: T;
  /** Why the last attempt failed. */
  problem?: Problem;
  loading: boolean;
  reload(): void;
}

/** Loads when a view appears and whenever `key` changes; an answer that comes too late is dropped. */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ key: string; value?: T; problem?: Problem; loading: boolean }>({
    key,
    loading: true,
  });
  const [attempt, setAttempt] = useState(0);
  const loader = useRef(load);
  loader.current = load;
  useEffect(() => {
    const stop = new AbortController();
    setState((old) => (old.key === key ? { ...old, loading: true } : { key, loading: true }));
    loader.current(stop.signal).then(
      (value) => {
        if (!stop.signal.aborted) setState({ key, value, loading: false });
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        setState((old) => ({ ...old, key, problem: problemOf(error), loading: false }));
      },
    );
    return () => stop.abort();
  }, [key, attempt]);
  const reload = useCallback(() => setAttempt((count) => count + 1), []);
  const { key: _, ...rest } = state.key === key ? state : { key, loading: true };
  return { ...rest, reload };
}
