import type { Price } from '@hubfuse/plugin';

const SOURCE = { source: 'https://huggingface.co/docs/hub/jobs-pricing', date: '2026-08-22' } as const;

/** A kind of machine of Hugging Face Jobs. */
export interface Flavor {
  vcpus: number;
  /** GB of the disk that a job has. */
  diskGb: number;
  price: Price;
}

function flavor(name: string, vcpus: number, diskGb: number, usd: number): [string, Flavor] {
  return [name, { vcpus, diskGb, price: { what: `Hugging Face Jobs, ${name}`, usd, per: 'hour', ...SOURCE } }];
}

/**
 * By the name that a job is asked for with. Billed by the minute while a job starts or runs. The Hub tells today's prices where it is
 * asked (`/api/jobs/hardware`); these are for where it is not.
 */
export const FLAVORS: ReadonlyMap<string, Flavor> = new Map([
  flavor('cpu-basic', 2, 50, 0.01),
  flavor('cpu-upgrade', 8, 50, 0.03),
  flavor('cpu-xl', 16, 1000, 1),
  flavor('cpu-performance', 32, 1024, 1.9),
  flavor('t4-small', 4, 50, 0.4),
  flavor('t4-medium', 8, 100, 0.6),
  flavor('l4x1', 8, 400, 0.8),
  flavor('l4x4', 48, 3200, 3.8),
  flavor('l40sx1', 8, 380, 1.8),
  flavor('l40sx4', 48, 3200, 8.3),
  flavor('l40sx8', 192, 6500, 23.5),
  flavor('a10g-small', 4, 110, 1),
  flavor('a10g-large', 12, 200, 1.5),
  flavor('a10g-largex2', 24, 1000, 3),
  flavor('a10g-largex4', 48, 2000, 5),
  flavor('a100-large', 12, 1000, 2.5),
  flavor('a100x4', 48, 4000, 10),
  flavor('a100x8', 96, 8000, 20),
  flavor('h200', 23, 3000, 5),
  flavor('h200x2', 46, 6000, 10),
  flavor('h200x4', 92, 12000, 20),
  flavor('h200x8', 184, 24000, 40),
]);
