import { useState } from 'preact/hooks';
import { type Problem, problemOf } from '../api/problem.ts';

/** Something that a button does: whether it is under way, and why it failed. */
export interface Action {
  busy: boolean;
  problem?: Problem;
  /** Does it, unless it is under way already. */
  start(work: () => Promise<void>): void;
  clear(): void;
}

export function useAction(): Action {
  const [state, setState] = useState<{ busy: boolean; problem?: Problem }>({ busy: false });
  return {
    ...state,
    start(work) {
      if (state.busy) return;
      setState({ busy: true });
      work().then(
        () => setState({ busy: false }),
        (error: unknown) => setState({ busy: false, problem: problemOf(error) }),
      );
    },
    clear: () => setState({ busy: false }),
  };
}
