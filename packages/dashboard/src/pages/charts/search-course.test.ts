import { expect, test } from 'vitest';
import type { RunEvent } from '../api/types.ts';
import { searchCourse } from './search-course.ts';

const SPENT = { evaluations: 1, examples: 10, examplesInFull: 10, seconds: 1 };

function candidate(number: number, score: number | undefined, best: number, accepted: boolean): RunEvent {
  const verdict = { accepted, ...(score === undefined ? {} : { score }), examples: 10, total: 10 };
  return {
    number: 10 + number,
    time: '2026-11-30T08:00:00Z',
    type: 'search',
    search: {
      type: 'candidate',
      record: { number, generation: Math.floor(number / 2), verdict, accepted, seconds: 1 },
      best,
      mean: best - 0.1,
      spent: SPENT,
    },
  };
}

test('the course begins with the best start and has one point per decision, told again or not', () => {
  const initial = (name: string, score: number): RunEvent => ({
    number: 1,
    time: '2026-11-30T08:00:00Z',
    type: 'search',
    search: {
      type: 'initial',
      record: { name, verdict: { accepted: true, score, examples: 10, total: 10 }, seconds: 1 },
      spent: SPENT,
    },
  });
  const course = searchCourse([
    initial('a', 0.5),
    initial('b', 0.6),
    candidate(0, 0.55, 0.6, false),
    candidate(1, undefined, 0.6, false),
    candidate(1, undefined, 0.6, false),
    candidate(2, 0.7, 0.7, true),
  ]);
  expect(course.map(({ candidate: at, best, score, accepted }) => [at, best, score, accepted])).toEqual([
    [0, 0.6, undefined, true],
    [1, 0.6, 0.55, false],
    [2, 0.6, undefined, false],
    [3, 0.7, 0.7, true],
  ]);
});

test('a run without a search has no course', () => {
  expect(searchCourse([{ number: 1, time: '2026-11-30T08:00:00Z', type: 'started', attempt: 1 }])).toEqual([]);
});
