import type { SearchState } from '@hubfuse/evolve';
import { RunError } from '@hubfuse/plugin';

/** Published beside the weights of a model that was searched for: every decision, so that it can be built again. */
export const DECISIONS_FILE = 'search.json';

/** Folder of what is made for people; it stays on this machine. */
export const REPORT_FOLDER = 'search';

/**
 * The decisions of a search as they are published: without times, so that the same search has the same bytes wherever
 * it ran on one kind of processor.
 */
export function renderDecisions(state: SearchState): string {
  const timeless: SearchState = {
    ...state,
    initial: state.initial.map((record) => ({ ...record, seconds: 0 })),
    candidates: state.candidates.map((record) => ({ ...record, seconds: 0 })),
    spent: { ...state.spent, seconds: 0 },
  };
  return `${JSON.stringify(timeless)}\n`;
}

/** @throws RunError `run/bad-decisions`. */
export function parseDecisions(text: string, where: string): SearchState {
  try {
    const state = JSON.parse(text) as SearchState;
    if (typeof state.identity === 'string' && Array.isArray(state.candidates)) return state;
  } catch {
    // The error below says all that there is to say.
  }
  throw new RunError({
    code: 'run/bad-decisions',
    where,
    message: 'the file does not hold the decisions of a search',
    hint: `${DECISIONS_FILE} was not written by hubfuse, or was changed by hand`,
  });
}
