import type { Tariff } from '@hubfuse/plugin';
import { INSTANCES, S3_WRITES, TRANSFER_OUT } from '../prices/aws.ts';
import { BATCH_START_SECONDS, CLOUD_NETWORK } from '../prices/machine-assumptions.ts';
import type { Requirements } from '../requirements.ts';
import type { BatchQueue } from './configuration.ts';

/**
 * What a job costs on the machines of a queue: the whole of one, at the on-demand price of the dearest type that Batch may choose.
 * Without a machine's price where one of its types is not known.
 */
export function tariffOfQueue({ name, instanceTypes = [], vcpus }: BatchQueue, needed: Requirements): Tariff {
  const known = instanceTypes.map((type) => INSTANCES.get(type));
  const [dearest] = known.filter((one) => one !== undefined).sort((a, b) => b.onDemand.usd - a.onDemand.usd);
  const complete = known.length > 0 && known.every((one) => one !== undefined);
  return {
    launcher: 'aws-batch',
    machine: {
      name: instanceTypes.length === 0 ? `a machine of the queue ${name}` : instanceTypes.join(' or '),
      vcpus: Math.min(needed.vcpus, vcpus),
      networkBytesPerSecond: CLOUD_NETWORK,
      startSeconds: BATCH_START_SECONDS,
    },
    // After the first minute.
    billedSeconds: 1,
    ...(complete && dearest !== undefined ? { machineHour: dearest.onDemand } : {}),
    writes: S3_WRITES,
    sent: TRANSFER_OUT,
    note: 'at on-demand prices of us-east-1: spot capacity, which is tried first, costs less',
  };
}
