/** A kind of instance as jobs see it. */
export interface Machine {
  /**
   * Instance types that Batch may choose from, of one family so that a search scores on one kind of processor. The first is the
   * smallest, and the figures are its own.
   */
  readonly instanceTypes: readonly string[];
  /** The most that one job may ask for. */
  readonly vcpus: number;
  /** GiB that one job may ask for: what the instance has, less what its agent and system keep. */
  readonly memoryGiB: number;
  /** GiB of its NVMe disks, which hold models while a job runs. */
  readonly scratchGiB: number;
  readonly gpu?: {
    readonly family: string;
    readonly count: number;
    /** GiB of one GPU. */
    readonly memoryGiB: number;
  };
}

/** A queue of the stack: spot capacity first, then on-demand, none while nothing runs. */
export interface QueueProps {
  /** Word in the names of its resources: `cpu`, `gpu`. */
  readonly name: string;
  readonly machine: Machine;
  /** The most that run at once over all jobs. Default 64. */
  readonly maxVcpus?: number;
}

/**
 * Queues where nothing else is asked for. One job fills one machine, so its disk is the job's own. The figures are those that
 * AWS publishes for the instance types, from memory; the deployment checks none of them.
 */
export const DEFAULT_QUEUES: readonly QueueProps[] = [
  {
    name: 'cpu',
    machine: { instanceTypes: ['m6id.xlarge'], vcpus: 4, memoryGiB: 14, scratchGiB: 215 },
  },
  {
    name: 'cpu-large',
    machine: { instanceTypes: ['i4i.xlarge'], vcpus: 4, memoryGiB: 29, scratchGiB: 860 },
  },
  {
    name: 'gpu',
    machine: {
      instanceTypes: ['g6.xlarge', 'g6.2xlarge'],
      vcpus: 4,
      memoryGiB: 14,
      scratchGiB: 230,
      gpu: { family: 'g6', count: 1, memoryGiB: 22 },
    },
  },
  {
    name: 'gpu-large',
    machine: {
      instanceTypes: ['g6e.2xlarge', 'g6e.4xlarge'],
      vcpus: 8,
      memoryGiB: 58,
      scratchGiB: 410,
      gpu: { family: 'g6e', count: 1, memoryGiB: 44 },
    },
  },
];
