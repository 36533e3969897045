import { expect, test } from 'vitest';
import type { RunPlan } from '../run-plan.ts';
import { computeWarnings } from './compute-warnings.ts';

type Plan = Parameters<typeof computeWarnings>[0];
const planOf = (recipe: object, more: object = {}): Plan =>
  ({ recipe: { method: 'pcb', ...recipe }, merge: { statistics: [], ...more } }) as unknown as RunPlan;

test('a recipe that wants several workers is told what only one of them will do', () => {
  const children = { compute: { children: 4 } };
  const messages = (...plan: Parameters<typeof planOf>) =>
    computeWarnings(planOf(...plan)).map(({ message }) => message);
  expect(messages(children)).toEqual([]);
  expect(messages({ ...children, evolve: { update: 'synchronous' } })).toEqual([]);
  expect(messages({ ...children, evolve: { update: 'steady' } })).toEqual([expect.stringContaining('evolve.update')]);
  expect(messages({ ...children, search: {} })).toEqual([expect.stringContaining('search over numbers')]);
  expect(messages(children, { tasks: [] })).toEqual(['one worker merges: pcb yields a model per task']);
  expect(messages(children, { statistics: [{}] })).toEqual(['one worker merges: pcb reads statistics of its models']);
  expect(messages({ compute: { children: 1 }, evolve: { update: 'steady' } })).toEqual([]);
});
