import type { Problem } from '../api/problem.ts';
import { ProblemNotice } from './problem-notice.tsx';

/** Why something could not be loaded, where there is a reason, and a button that tries again. */
export function LoadProblem({ problem, reload }: { problem: Problem | undefined; reload: () => void }) {
  if (problem === undefined) return null;
  return (
    <ProblemNotice problem={problem}>
      <button type="button" class="button" onClick={reload}>
        Try again
      </button>
    </ProblemNotice>
  );
}
