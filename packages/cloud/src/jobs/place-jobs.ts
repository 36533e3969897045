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
  /** Whether they score on a GPU. */
  onGpu: boolean;
}

type Rules = Pick<JobsConfiguration, 'flavors' | 'gpuImage'>;
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
    configuration: Rules;
    plan: RunPlan | undefined;
    seconds?: number | undefined;
    found?: { children: number; flavor: string } | undefined;
  },
): Promise<JobPlacement> {
  const { configuration, plan, seconds, found } = options;
  const needs = (count: number): Requirements => needsOf(plan, configuration, count);
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
  return {
    ...{ children, onGpu: isOnGpu(flavor, needs(children)) },
    tariff: children === 1 ? tariff : { ...tariff, machines: children },
  };
}

/**
 * Where the one job executes that does all of a run by itself, as webhooks start them.
 * @throws ResourceError `launcher/no-flavor`; `launcher/one-job` where the recipe wants several workers
 */
export async function placeOneJob(
  jobs: Offer,
  { configuration, plan }: { configuration: Rules; plan: RunPlan },
): Promise<JobPlacement> {
  const children = plan.recipe.compute?.children ?? 1;
  if (children > 1) {
    throw new ResourceError({
      code: 'launcher/one-job',
      where: 'compute.children',
      message: `a webhook starts one job, and the recipe wants ${children} workers`,
      hint: 'remove compute.children, or let a server start the runs of this recipe',
    });
  }
  const needed = needsOf(plan, configuration, 1);
  const flavor = chooseFlavor(await offeredMachines(jobs, configuration), needed);
  return { children: 1, tariff: tariffOfFlavor(flavor, jobs.address), onGpu: isOnGpu(flavor, needed) };
}

/** What each worker needs: a GPU only where there is an image that uses it. */
function needsOf(plan: RunPlan | undefined, { gpuImage }: Rules, children: number): Requirements {
  if (plan === undefined) return LEAST;
  const needed = requirementsOf(plan, children);
  return gpuImage === undefined ? { ...needed, gpus: 0, gpuMemory: 0 } : needed;
}

function isOnGpu({ accelerator }: JobHardware, { gpus }: Requirements): boolean {
  return gpus > 0 && accelerator !== null;
}

async function offeredMachines(jobs: Offer, { flavors }: Rules): Promise<JobHardware[]> {
  return (await jobs.hardware()).filter(({ name }) => flavors === undefined || flavors.includes(name));
}
