import { ResourceError, type Tariff } from '@hubfuse/plugin';
import type { RunPlan } from '@hubfuse/runs';
import { chooseChildren } from '../choose-children.ts';
import { LEAST, type Requirements, requirementsOf } from '../requirements.ts';
import { chooseFlavor, findFlavor, type JobHardware } from './choose-flavor.ts';
import type { JobsConfiguration } from './configuration.ts';
import type { JobsAccess } from './jobs-access.ts';
import { tariffOfFlavor } from './tariff-of-flavor.ts';

/** Jobs that a run gets where its recipe does not say how many, at the most. */
const MOST_CHILDREN = 64;

/** On which machines a run executes. */
export interface JobPlacement {
  /** Jobs that execute it together. */
  children: number;
  /** Of all of them. */
  tariff: Tariff;
}

type Offer = Pick<JobsAccess, 'hardware' | 'address'>;

/**
 * Chooses the cheapest machine that a run fits on, of those that the configuration allows, and how many jobs it gets.
 * @param options.plan undefined: it cannot be planned, and any machine can find that out
 * @param options.seconds that the run may work
 * @param options.found jobs that execute it already: theirs are the number and the machine
 * @throws ResourceError `launcher/no-flavor`
 */
export async function placeJobs(
  jobs: Offer,
  options: {
    configuration: Pick<JobsConfiguration, 'flavors'>;
    plan: RunPlan | undefined;
    seconds?: number | undefined;
    found?: { children: number; flavor: string } | undefined;
  },
): Promise<JobPlacement> {
  const { configuration, plan, seconds, found } = options;
  const needs = (count: number): Requirements => (plan === undefined ? LEAST : requirementsOf(plan, count));
  const offered = await offeredMachines(jobs, configuration);
  const [any] = offered;
  const machineOf = (hardware: JobHardware) => tariffOfFlavor(hardware, jobs.address);
  const children =
    found?.children ??
    (any === undefined
      ? 1
      : chooseChildren({
          ...{ plan, seconds, most: MOST_CHILDREN },
          fits: (count) => findFlavor(offered, needs(count)) !== undefined,
          machine: machineOf(findFlavor(offered, needs(1)) ?? any).machine,
        }));
  const flavor = offered.find(({ name }) => name === found?.flavor) ?? chooseFlavor(offered, needs(children));
  const tariff = machineOf(flavor);
  return { children, tariff: children === 1 ? tariff : { ...tariff, machines: children } };
}

/**
 * What the one job costs that does all of a run by itself, as webhooks start them.
 * @throws ResourceError `launcher/no-flavor`; `launcher/one-job` where the recipe wants several workers
 */
export async function placeOneJob(
  jobs: Offer,
  { configuration, plan }: { configuration: Pick<JobsConfiguration, 'flavors'>; plan: RunPlan },
): Promise<Tariff> {
  const children = plan.recipe.compute?.children ?? 1;
  if (children > 1) {
    throw new ResourceError({
      code: 'launcher/one-job',
      where: 'compute.children',
      message: `a webhook starts one job, and the recipe wants ${children} workers`,
      hint: 'remove compute.children, or let a server start the runs of this recipe',
    });
  }
  const offered = await offeredMachines(jobs, configuration);
  return tariffOfFlavor(chooseFlavor(offered, requirementsOf(plan)), jobs.address);
}

async function offeredMachines(jobs: Offer, { flavors }: Pick<JobsConfiguration, 'flavors'>): Promise<JobHardware[]> {
  return (await jobs.hardware()).filter(({ name }) => flavors === undefined || flavors.includes(name));
}
