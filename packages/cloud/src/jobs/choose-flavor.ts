import { ResourceError } from '@hubfuse/plugin';
import { FLAVORS } from '../prices/hugging-face.ts';
import type { Requirements } from '../requirements.ts';

/** A kind of machine as the Hub lists it. */
export interface JobHardware {
  name: string;
  /** `8 vCPU`. */
  cpu: string;
  /** `32 GB`. */
  ram: string;
  /** `50 GB`: its disk. Where it is not told, the documentation's counts. */
  ephemeralStorage?: string;
  /** How many, and the memory of all of them together: `2` and `48 GB`. */
  accelerator: { quantity: string; vram: string } | null;
  /** Dollars for the unit of time, the same for all. */
  unitCostUSD: number;
  /** `minute`. */
  unitLabel?: string;
}

/**
 * The cheapest machine that a run fits on: with a GPU for one that scores, where there is any, and without for one that merges.
 * @throws ResourceError `launcher/no-flavor` naming what the machines that come closest have too little of
 */
export function chooseFlavor(hardware: readonly JobHardware[], needed: Requirements): JobHardware {
  const found = findFlavor(hardware, needed);
  if (found !== undefined) return found;
  const lacks = candidatesOf(hardware, needed).map((one) => `${one.name}: ${lacking(one, needed).join(', ')}`);
  throw new ResourceError({
    code: 'launcher/no-flavor',
    message: `no machine of Hugging Face Jobs fits this run; ${lacks.length === 0 ? 'none is offered' : lacks.join('; ')}`,
    hint: 'allow more flavors in HUBFUSE_JOBS, or merge smaller models',
  });
}

/** The same machine; undefined where none has what the run needs. */
export function findFlavor(hardware: readonly JobHardware[], needed: Requirements): JobHardware | undefined {
  return candidatesOf(hardware, needed).find((one) => lacking(one, needed).length === 0);
}

/** The cheapest first. */
function candidatesOf(hardware: readonly JobHardware[], { gpus }: Requirements): JobHardware[] {
  const withGpu = hardware.filter(({ accelerator }) => accelerator !== null);
  const candidates = gpus > 0 && withGpu.length > 0 ? withGpu : [...hardware];
  return candidates.sort((a, b) => a.unitCostUSD - b.unitCostUSD || (a.name < b.name ? -1 : 1));
}

/** What a machine has too little of. */
function lacking({ name, ram, accelerator, ephemeralStorage }: JobHardware, needed: Requirements): string[] {
  const short = (what: string, has: number, needs: number) =>
    has >= needs ? [] : [`${what} ${gigabytes(has)} of ${gigabytes(needs)}`];
  const disk = bytesIn(ephemeralStorage ?? '') || (FLAVORS.get(name)?.diskGb ?? 0) * 1e9;
  return [
    ...short('memory', bytesIn(ram), needed.memory),
    ...short('disk', disk, needed.scratch),
    // A session is on one of them.
    ...(accelerator === null
      ? []
      : short('GPU memory', bytesIn(accelerator.vram) / (Number(accelerator.quantity) || 1), needed.gpuMemory)),
  ];
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
