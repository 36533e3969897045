import type { CandidateRecord } from './search-types.ts';

/** What candidates of one fate were scored on. */
export interface ScoredExamples {
  candidates: number;
  /** Examples that the decisions rest on. */
  examples: number;
  /** Examples that scoring them in full would have taken. */
  total: number;
}

export interface ExamplesByOutcome {
  accepted: ScoredExamples;
  rejected: ScoredExamples;
}

/**
 * Examples that accepted and rejected candidates were scored on, apart: an accepted one is scored to the end, and a rejected one
 * until it can no longer win.
 */
export function examplesByOutcome(candidates: readonly CandidateRecord[]): ExamplesByOutcome {
  return {
    accepted: sumOf(candidates.filter(({ accepted }) => accepted)),
    rejected: sumOf(candidates.filter(({ accepted }) => !accepted)),
  };
}

function sumOf(candidates: readonly CandidateRecord[]): ScoredExamples {
  return {
    candidates: candidates.length,
    examples: candidates.reduce((sum, { verdict }) => sum + verdict.examples, 0),
    total: candidates.reduce((sum, { verdict }) => sum + verdict.total, 0),
  };
}
