import type { Tariff } from '@hubfuse/plugin';
import type { RunPlan } from '@hubfuse/runs';
import { chooseChildren } from '../choose-children.ts';
import { LEAST, type Requirements, requirementsOf } from '../requirements.ts';
import { chooseQueue, findQueue } from './choose-queue.ts';
import type { BatchQueue } from './configuration.ts';
import { tariffOfQueue } from './tariff-of-queue.ts';

/** The most jobs of an array. */
const MOST_CHILDREN = 10_000;

/** Where a run executes. */
export interface Placement {
  queue: BatchQueue;
  /** Workers that execute it together. */
  children: number;
  /** What each of them needs. */
  needed: Requirements;
  tariff: Tariff;
}

/**
 * Chooses the queue of a run, and how many workers it gets.
 * @param options.plan undefined: it cannot be planned, and any machine can find that out
 * @param options.seconds that the run may work
 * @throws ResourceError `launcher/no-queue`
 */
export function placeRun(options: {
  queues: readonly BatchQueue[];
  plan: RunPlan | undefined;
  seconds?: number | undefined;
}): Placement {
  const { queues, plan, seconds } = options;
  const needs = (children: number): Requirements => (plan === undefined ? LEAST : requirementsOf(plan, children));
  const [first] = queues;
  const children =
    first === undefined
      ? 1
      : chooseChildren({
          ...{ plan, seconds, most: MOST_CHILDREN },
          fits: (count) => findQueue(queues, needs(count)) !== undefined,
          machine: tariffOfQueue(findQueue(queues, needs(1)) ?? first, needs(1)).machine,
        });
  const needed = needs(children);
  const queue = chooseQueue(queues, needed);
  const tariff = tariffOfQueue(queue, needed);
  return { queue, children, needed, tariff: children === 1 ? tariff : { ...tariff, machines: children } };
}
