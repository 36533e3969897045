import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addPush,
  dropWaiting,
  emptyLane,
  isOrderUnclear,
  type Lane,
  type LanePush,
  promote,
  putBack,
  release,
} from './lane.ts';

const place = { recipe: 'r', type: 'model', repo: 'a/b', ref: 'refs/heads/main' } as const;
const sha = (number: number) => number.toString(16).padStart(40, '0');
const push = (number: number): LanePush => ({
  sha: sha(number),
  oldSha: number === 0 ? null : sha(number - 1),
  ancestry: [],
});

test('a repeated push changes nothing, whether it waits, is under way, or is done', () => {
  const waiting = addPush(emptyLane(place), push(1));
  expect(addPush(waiting, push(1))).toBe(waiting);
  const active = promote(waiting, undefined);
  expect(active.active).toMatchObject({ sha: sha(1), begun: false });
  expect(addPush(active, push(1))).toBe(active);
  const done = release(active);
  expect(addPush(done, push(1))).toBe(done);
});

test('what is older than the run under way starts nothing', () => {
  const lane = promote(addPush(emptyLane(place), push(2)), undefined);
  const after = addPush(lane, push(1));
  expect(after.waiting).toEqual([]);
  expect(addPush(after, push(3)).waiting).toEqual([push(3)]);
});

test('where the order is not known, the head of the ref decides', () => {
  const lane = addPush(addPush(emptyLane(place), push(5)), push(2));
  expect(isOrderUnclear(lane)).toBe(true);
  expect(promote(lane, sha(5)).active?.sha).toBe(sha(5));
  expect(promote(lane, undefined).active?.sha).toBe(sha(2));
});

test('a push that is put back waits again in front, and may be superseded', () => {
  const lane = putBack(promote(addPush(emptyLane(place), push(1)), undefined), '2026-12-01T00:00:00Z');
  expect(lane).toMatchObject({ waiting: [push(1)], seen: [], notBefore: '2026-12-01T00:00:00Z' });
  expect(addPush(lane, push(2)).waiting).toEqual([push(2)]);
});

/** Delivers pushes in some order, with repetitions, and ends the run under way at some of the steps. */
const deliveries = fc.integer({ min: 1, max: 30 }).chain((pushes) =>
  fc.record({
    pushes: fc.constant(pushes),
    order: fc.shuffledSubarray([...Array(pushes).keys()], { minLength: pushes }),
    repeats: fc.array(fc.integer({ min: 0, max: pushes - 1 }), { maxLength: 60 }),
    at: fc.array(fc.nat(90), { maxLength: 60 }),
    ends: fc.array(fc.boolean(), { maxLength: 100 }),
  }),
);

/** Makes runs as the lane says, with the head of the ref known. @returns commits that had runs, in order */
function play(
  steps: readonly number[],
  endsAt: (step: number) => boolean,
  head: string,
): { runs: string[]; lane: Lane } {
  const runs: string[] = [];
  let lane = emptyLane(place);
  const advance = (): void => {
    if (lane.active !== undefined || lane.waiting.length === 0) return;
    // As the service does: a head that had its run makes all that waits old.
    if (isOrderUnclear(lane) && lane.seen.includes(head)) lane = dropWaiting(lane);
    lane = promote(lane, isOrderUnclear(lane) ? head : undefined);
    if (lane.active !== undefined) runs.push(lane.active.sha);
  };
  for (const [index, step] of steps.entries()) {
    lane = addPush(lane, push(step));
    advance();
    if (endsAt(index)) {
      lane = release(lane);
      advance();
    }
  }
  return { runs, lane };
}

describe('in any order and however often deliveries come', () => {
  test('no commit has two runs, and in the end the newest had one', () => {
    fc.assert(
      fc.property(deliveries, ({ pushes, order, repeats, at, ends }) => {
        const steps = [...order];
        for (const [index, repeat] of repeats.entries()) steps.splice((at[index] ?? 0) % (steps.length + 1), 0, repeat);
        const head = sha(pushes - 1);
        const { runs, lane } = play(steps, (step) => ends[step] ?? false, head);
        expect(new Set(runs).size).toBe(runs.length);
        const last = promote(release(lane), head);
        const all = last.active === undefined || lane.active === last.active ? runs : [...runs, last.active.sha];
        expect(all).toContain(head);
      }),
      { numRuns: 300 },
    );
  });

  test('while a run is under way, no number of pushes makes more than one further', () => {
    fc.assert(
      fc.property(deliveries, ({ pushes, order, repeats }) => {
        const head = sha(pushes - 1);
        const { runs, lane } = play([...order, ...repeats], () => false, head);
        expect(runs).toHaveLength(1);
        const free = release(lane);
        const next = promote(isOrderUnclear(free) && free.seen.includes(head) ? dropWaiting(free) : free, head);
        const further = next.active?.sha;
        expect([runs[0], further]).toContain(head);
        const idle = release(next);
        for (const step of order) expect(addPush(idle, push(step)).waiting).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
