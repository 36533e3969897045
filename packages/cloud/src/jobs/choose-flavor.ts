import { ResourceError } from '@hubfuse/plugin';
import type { RunPlan } from '@hubfuse/runs';
import { LEAST, type Requirements, requirementsOf } from '../requirements.ts';
import type { JobsConfiguration } from './configuration.ts';
import type { JobsAccess } from './jobs-access.ts';

/** A kind of machine as the Hub lists it. */
export interface JobHardware {
  name: string;
  /** `8 vCPU`. */
  cpu: string;
  /** `32 GB`. */
  ram: string;
  accelerator: { quantity: string; vram: string } | null;
  /** Dollars for the unit of time, the same for all. */
  unitCostUSD: number;
  /** `minute`. */
  unitLabel?: string;
}

/**
 * The cheapest machine that a run fits on: with a GPU for one that scores, where there is any, and without for one that merges.
 * The Hub does not say how large a machine's disk is, so that is not asked for.
 * @throws ResourceError `launcher/no-flavor`
 */
export function chooseFlavor(hardware: readonly JobHardware[], needed: Requirements): JobHardware {
  const withGpu = hardware.filter(({ accelerator }) => accelerator !== null);
  const candidates = needed.gpus > 0 && withGpu.length > 0 ? withGpu : hardware;
  const fitting = candidates.filter(
    ({ ram, accelerator }) =>
      bytesIn(ram) >= needed.memory && (accelerator === null || bytesIn(accelerator.vram) >= needed.gpuMemory),
  );
  const [cheapest] = fitting.sort((a, b) => a.unitCostUSD - b.unitCostUSD || (a.name < b.name ? -1 : 1));
  if (cheapest !== undefined) return cheapest;
  throw new ResourceError({
    code: 'launcher/no-flavor',
    message: `no machine of Hugging Face Jobs has ${gigabytes(needed.memory)} of memory and a GPU of ${gigabytes(needed.gpuMemory)}`,
    hint: 'allow more flavors in HUBFUSE_JOBS, or merge smaller models',
  });
}

/**
 * The cheapest of the machines that may be chosen and that a plan fits on; without a plan the least.
 * @throws ResourceError `launcher/no-flavor`; `launcher/one-job` where the recipe wants several workers
 */
export async function fittingFlavor(
  jobs: JobsAccess,
  { configuration: { flavors }, plan }: { configuration: JobsConfiguration; plan: RunPlan | undefined },
): Promise<JobHardware> {
  const children = plan?.recipe.compute?.children ?? 1;
  if (children > 1) {
    throw new ResourceError({
      code: 'launcher/one-job',
      where: 'compute.children',
      message: `hf-jobs executes a run in one job, and the recipe wants ${children} workers`,
      hint: 'remove compute.children, or use aws-batch, which starts several workers for one run',
    });
  }
  const offered = (await jobs.hardware()).filter(({ name }) => flavors === undefined || flavors.includes(name));
  return chooseFlavor(offered, plan === undefined ? LEAST : requirementsOf(plan));
}

/** `46 GB` in bytes; 0 where it says something else, so that such a machine is never chosen. */
function bytesIn(text: string): number {
  const [, figure, unit] = /^\s*([\d.]+)\s*(MB|GB|TB)\s*$/i.exec(text) ?? [];
  const factor = { MB: 1e6, GB: 1e9, TB: 1e12 }[(unit ?? '').toUpperCase()];
  return factor === undefined ? 0 : Number(figure) * factor;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
