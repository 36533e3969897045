import type { CostEstimate, RunSpec, RunState, TimeEstimate } from '@hubfuse/runs';
import { expect, test } from 'vitest';
import { CostSchema, RunCostSchema, TimeSchema } from '../schemas/estimate.ts';
import { costView, runCostView, timeView } from './estimate-view.ts';

const range = { low: 1, expected: 2, high: 4 };
const time: TimeEstimate = {
  machine: 'm',
  machines: 1,
  seconds: range,
  phases: [{ phase: 'merge', seconds: range, measured: true, note: 'n', machines: 1 }],
  unknown: [{ phase: 'evaluate', reason: 'r' }],
};
const cost: CostEstimate = {
  ...{ launcher: 'aws-batch', machine: 'm', usd: range, neededUsd: range, reserveUsd: 1, verified: false },
  items: [{ what: 'm', quantity: range, unit: 'hour', usd: range, verified: true, source: 's', date: 'd' }],
};

test('time and cost of a plan are answered as the document describes them', () => {
  expect(TimeSchema.strict().parse(timeView(time))).toEqual(timeView(time));
  expect(CostSchema.strict().parse(costView(cost))).toEqual(costView(cost));
  const { usd: _, ...unpriced } = cost;
  expect(CostSchema.parse(costView(unpriced)).usd).toBeUndefined();
});

test('the cost of a run has the limit that holds, which a retry may have raised', () => {
  const spent = {
    launcher: 'aws-batch',
    machine: 'm',
    spentUsd: 3,
    verified: true,
    estimatedUsd: range,
    reserveUsd: 1,
  };
  const record = (raised?: number) => ({
    spec: { limits: { usd: 5 } } as RunSpec,
    state: (raised === undefined ? {} : { limits: { usd: raised } }) as RunState,
  });
  const view = runCostView(spent, record());
  expect(RunCostSchema.strict().parse(view)).toEqual(view);
  expect(view).toMatchObject({ spentUsd: 3, limitUsd: 5 });
  expect(runCostView(spent, record(9)).limitUsd).toBe(9);
});
