import type { CandidateRecord, SearchState } from '@hubfuse/evolve';

/** Where a search stood after a decision. */
export interface CourseEntry {
  record: CandidateRecord;
  /** Best development score so far. */
  best: number;
  /** Mean over the individuals, where each has a score of its own. */
  mean?: number;
}

/** Best and mean after every decision, from the decisions alone. */
export function courseOf(state: SearchState, options: { alone: boolean }): CourseEntry[] {
  const scores = state.initial.map(({ verdict }) => verdict.score ?? Number.NEGATIVE_INFINITY);
  let best = Math.max(...scores);
  return state.candidates.map((record) => {
    const { accepted, verdict, step } = record;
    if (accepted && verdict.score !== undefined) {
      best = Math.max(best, verdict.score);
      if (step !== undefined) scores[step.individual] = verdict.score;
    }
    if (!options.alone) return { record, best };
    return { record, best, mean: scores.reduce((sum, score) => sum + score, 0) / scores.length };
  });
}

/** First candidate of each generation. */
export function generationStarts(candidates: readonly CandidateRecord[]): { generation: number; first: number }[] {
  const starts: { generation: number; first: number }[] = [];
  candidates.forEach(({ generation }, index) => {
    if (starts.at(-1)?.generation !== generation) starts.push({ generation, first: index });
  });
  return starts;
}
