import type { Price, Tariff } from '@hubfuse/plugin';
import { FLAVORS } from '../prices/hugging-face.ts';
import { CLOUD_NETWORK, JOBS_START_SECONDS } from '../prices/machine-assumptions.ts';
import type { JobHardware } from './choose-flavor.ts';

const HOURS: Readonly<Record<string, number>> = { minute: 60, hour: 1, second: 3600 };

/** What a job costs on a machine that the Hub lists: by the price that it tells today, else by the one of its documentation. */
export function tariffOfFlavor(hardware: JobHardware, hubUrl: string): Tariff {
  const { name } = hardware;
  const told = { source: `${hubUrl}/api/jobs/hardware`, date: new Date().toISOString().slice(0, 10) };
  const price = priceToldBy(hardware, told) ?? FLAVORS.get(name)?.price;
  return {
    launcher: 'hf-jobs',
    machine: {
      name,
      vcpus: Number(/\d+/.exec(hardware.cpu)?.[0] ?? FLAVORS.get(name)?.vcpus ?? 1),
      networkBytesPerSecond: CLOUD_NETWORK,
      startSeconds: JOBS_START_SECONDS,
    },
    billedSeconds: 60,
    ...(price === undefined ? {} : { machineHour: price }),
    note: 'what the store charges for requests is not part of it',
  };
}

function priceToldBy(
  { name, unitCostUSD, unitLabel }: JobHardware,
  told: { source: string; date: string },
): Price | undefined {
  const units = HOURS[unitLabel?.toLowerCase() ?? ''];
  if (units === undefined) return undefined;
  // A price of a minute times sixty has digits that it never had.
  return {
    what: `Hugging Face Jobs, ${name}`,
    usd: Number((unitCostUSD * units).toPrecision(6)),
    per: 'hour',
    ...told,
  };
}
