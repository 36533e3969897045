import { ResourceError } from '@hubfuse/plugin';
import type { Requirements } from '../requirements.ts';
import type { BatchQueue } from './configuration.ts';

/**
 * The first queue whose machines a job fits on. A job that scores takes one with GPUs where there is any, else it scores on
 * processors; a job that only merges takes none with GPUs, unless all have some.
 * @throws ResourceError `launcher/no-queue` naming what no queue has
 */
export function chooseQueue(queues: readonly BatchQueue[], needed: Requirements): BatchQueue {
  const found = findQueue(queues, needed);
  if (found !== undefined) return found;
  const lacks = candidatesOf(queues, needed).map((queue) => `${queue.name}: ${lacking(queue, needed).join(', ')}`);
  throw new ResourceError({
    code: 'launcher/no-queue',
    message: `no queue of AWS Batch has a machine for this run; ${lacks.join('; ')}`,
    hint: 'declare a queue of larger machines in the stack, or merge fewer or smaller models',
  });
}

/** The same queue; undefined where no queue's machines have what the job needs. */
export function findQueue(queues: readonly BatchQueue[], needed: Requirements): BatchQueue | undefined {
  return candidatesOf(queues, needed).find((queue) => lacking(queue, needed).length === 0);
}

function candidatesOf(queues: readonly BatchQueue[], needed: Requirements): BatchQueue[] {
  const withGpu = queues.filter(({ gpu }) => gpu !== undefined);
  const without = queues.filter(({ gpu }) => gpu === undefined);
  return needed.gpus > 0 ? (withGpu.length > 0 ? withGpu : without) : [...without, ...withGpu];
}

/** What a queue's machines have too little of. */
function lacking(queue: BatchQueue, needed: Requirements): string[] {
  const short = (what: string, has: number, needs: number) =>
    has >= needs ? [] : [`${what} ${gibibytes(has)} of ${gibibytes(needs)}`];
  return [
    ...(queue.vcpus >= needed.vcpus ? [] : [`${queue.vcpus} of ${needed.vcpus} vCPUs`]),
    ...short('memory', queue.memory, needed.memory),
    ...short('scratch', queue.scratch, needed.scratch),
    ...(queue.gpu === undefined ? [] : short('GPU memory', queue.gpu.memory, needed.gpuMemory)),
  ];
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
