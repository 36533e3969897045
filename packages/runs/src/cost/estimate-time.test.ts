import { expect, test } from 'vitest';
import { timedPlan } from '../../test/timed-plan.ts';
import { estimateTime, matrixElements, mergeTime } from './estimate-time.ts';

const machine = { name: 'm', vcpus: 2, networkBytesPerSecond: 100e6, startSeconds: 0 };
const secondsOf = (plan: ReturnType<typeof timedPlan>, phase: string, on = machine) =>
  estimateTime(plan, on).phases.find((one) => one.phase === phase)?.seconds;
const data = (size?: number) => [
  { dataset: 'd', split: 'dev' as const, kind: 'hub' as const, path: 'dev', ...(size === undefined ? {} : { size }) },
];

test('the time of a merge is that of its method: what the bench took for the same bytes comes out again', () => {
  // The bench: a base and three models of 0.23 GB, 6.28 s of processor time for PCB on two Xeons, 1.62 s for task arithmetic.
  const side = 1000;
  const matrices = 115;
  expect(mergeTime(timedPlan({ method: 'pcb', side, matrices }), { vcpus: 1 }).seconds.expected).toBeCloseTo(6.28, 1);
  const slow = mergeTime(timedPlan({ method: 'pcb', side, matrices }), { vcpus: 2 }).seconds.expected;
  expect(slow).toBeCloseTo(3.14, 1);
  expect(
    mergeTime(timedPlan({ method: 'task_arithmetic', side, matrices }), { vcpus: 1 }).seconds.expected,
  ).toBeCloseTo(1.62, 1);
});

test('a method that was never timed is said to be, and has the wider range', () => {
  const timed = mergeTime(timedPlan({ method: 'task_arithmetic' }), machine);
  const untimed = mergeTime(timedPlan({ method: 'fisher' }), machine);
  expect([timed.measured, untimed.measured]).toEqual([true, false]);
  expect(untimed.seconds.high).toBeGreaterThan(timed.seconds.high);
  expect(untimed.note).toContain('never timed');
});

test('layers that are solved whole take the time of their products: a layer of 3072 x 768 some seconds', () => {
  const plan = timedPlan({ method: 'regmean', side: 8, matrices: 1 });
  const [tensor] = plan.merge.tensors;
  const linear = { inputs: 3072, outputs: 768, transposed: false, workspace: 0 };
  const parts = [...(tensor?.parts ?? []), ...(tensor?.parts.slice(0, 1) ?? [])];
  const merge = { ...plan.merge, tensors: [{ ...tensor, linear, parts }] } as typeof plan.merge;
  const { seconds } = mergeTime({ merge }, { vcpus: 1 });
  // Measured: 3.06 s by onnxruntime, 8.2 s by kernels.
  expect(seconds.low).toBeLessThan(3.06);
  expect(seconds.expected).toBeGreaterThan(3.06);
  expect(seconds.high).toBeGreaterThan(8.2);
});

test('transfers take their bytes at the rate of the machine, and are an assumption', () => {
  const plan = timedPlan();
  const estimate = estimateTime(plan, machine);
  const fetch = estimate.phases.find(({ phase }) => phase === 'fetch');
  expect(fetch?.seconds.expected).toBeGreaterThan(plan.bytes.download / 100e6);
  expect(fetch?.measured).toBe(false);
  const fast = estimateTime(plan, { ...machine, networkBytesPerSecond: 1e9 }).phases.find(
    ({ phase }) => phase === 'fetch',
  );
  expect(fast?.seconds.high).toBeLessThan(fetch?.seconds.high ?? 0);
});

test('scoring takes the tokens of its data by the matrices of the model, for every model that is scored', () => {
  // The measurement: 1,800 sentences of 80 bytes in between 1.0 and 1.8 s, a model of 3.5 million elements in matrices.
  const plan = timedPlan({ side: 1330, matrices: 2, phases: ['evaluate'], data: data(1800 * 80), models: [] });
  expect(matrixElements(plan.merge)).toBe(2 * 1330 * 1330);
  const one = secondsOf(plan, 'evaluate', { ...machine, vcpus: 1 });
  expect(one?.expected).toBeGreaterThan(1);
  expect(one?.expected).toBeLessThan(2.5);
  const five = secondsOf({ ...plan, models: timedPlan().models }, 'evaluate', { ...machine, vcpus: 1 });
  expect(five?.expected).toBeCloseTo(5 * (one?.expected ?? 0), 6);
});

test('tables of embeddings are looked up and not multiplied by', () => {
  const { merge } = timedPlan({ side: 10, matrices: 3 });
  const named = ['bert.embeddings.word_embeddings.weight', 'model.embed_tokens.weight', 'lm_head.weight'];
  const tensors = merge.tensors.map((tensor, index) => ({ ...tensor, name: named[index] ?? '' }));
  expect(matrixElements({ tensors })).toBe(100);
});

test('a search takes every candidate at most, and no longer than its budget of time', () => {
  const search = { kind: 'evolution' as const, initial: 1, candidates: 100, coefficients: 0 };
  const plan = timedPlan({ phases: ['search', 'merge'], data: data(100_000), search });
  const all = secondsOf(plan, 'search');
  const fewer = secondsOf({ ...plan, search: { ...search, candidates: 10 } }, 'search');
  expect(all?.expected).toBeGreaterThan(5 * (fewer?.expected ?? 0));
  const recipe = { ...plan.recipe, search: { budget: { seconds: 7 } } } as typeof plan.recipe;
  expect(secondsOf({ ...plan, recipe }, 'search')?.high).toBe(7);
});

test('statistics that are gathered anew take their time for every candidate, and for the models of the result', () => {
  const search = { kind: 'evolution' as const, initial: 1, candidates: 100, coefficients: 0 };
  const refresh = { gatherings: 103, seconds: 7, diskBytes: 1 };
  const [plain, refreshed] = [search, { ...search, refresh }].map((size) =>
    timedPlan({ phases: ['search', 'merge'], data: data(100_000), search: size }),
  );
  if (plain === undefined || refreshed === undefined) throw new Error('there are no plans');
  const more = (phase: string) =>
    (secondsOf(refreshed, phase)?.expected ?? 0) - (secondsOf(plain, phase)?.expected ?? 0);
  expect(more('search')).toBeCloseTo(700, 6);
  expect(more('merge')).toBeCloseTo(21, 6);
});

test('what cannot be known beforehand is named and left out of the sum', () => {
  const plan = timedPlan({ phases: ['merge', 'evaluate'], data: data() });
  const { unknown, seconds, phases } = estimateTime(plan, machine);
  expect(unknown).toEqual([{ phase: 'evaluate', reason: 'the size of its data is not known yet' }]);
  expect(seconds.expected).toBeCloseTo(
    phases.reduce((sum, phase) => sum + phase.seconds.expected, 0),
    9,
  );
});

test('every range is in order, and a machine that has to be started takes that time too', () => {
  const search = { kind: 'evolution' as const, initial: 1, candidates: 20, coefficients: 0 };
  const phases = ['fetch', 'search', 'merge', 'evaluate', 'gate', 'assemble', 'publish'] as const;
  const plan = timedPlan({ phases, data: data(100_000), search });
  const estimate = estimateTime(plan, { ...machine, startSeconds: 60 });
  expect(estimate.phases.map(({ phase }) => phase)).toEqual(['start', 'resolve', ...phases]);
  for (const { seconds } of estimate.phases) {
    expect(seconds.low).toBeLessThanOrEqual(seconds.expected);
    expect(seconds.expected).toBeLessThanOrEqual(seconds.high);
  }
});
