import type { RunEvent } from '../api/types.ts';

/** Where a search stood after a decision. Scores are fractions. */
export interface CoursePoint {
  /** Candidates decided on, from 1; 0 is the start. */
  candidate: number;
  generation: number;
  /** Best so far. */
  best: number;
  /** Mean of the population. */
  mean?: number;
  /** The candidate's own score, where it was scored to the end. */
  score?: number;
  accepted: boolean;
}

/** The course of a search from its events; what a resumed search tells again counts once. */
export function searchCourse(events: readonly RunEvent[]): CoursePoint[] {
  const points = new Map<number, CoursePoint>();
  let start = Number.NEGATIVE_INFINITY;
  for (const event of events) {
    if (event.type !== 'search') continue;
    const { search } = event;
    if (search.type === 'initial') start = Math.max(start, search.record.verdict.score ?? start);
    if (search.type !== 'candidate') continue;
    const { record, best, mean } = search;
    const { score } = record.verdict;
    points.set(record.number + 1, {
      candidate: record.number + 1,
      generation: record.generation,
      best,
      ...(Number.isFinite(mean) ? { mean } : {}),
      ...(score === undefined ? {} : { score }),
      accepted: record.accepted,
    });
  }
  const course = [...points.values()].sort((a, b) => a.candidate - b.candidate);
  if (!Number.isFinite(start)) return course;
  return [{ candidate: 0, generation: 0, best: start, accepted: true }, ...course];
}
