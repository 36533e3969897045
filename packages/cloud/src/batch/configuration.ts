import { UsageError } from '@hubfuse/plugin';

/** A queue of AWS Batch, and what one job may ask of it. */
export interface BatchQueue {
  /** Name or ARN. */
  name: string;
  /** Name or ARN of the job definition whose image runs there. */
  jobDefinition: string;
  /** Instance types that its machines may be of. Absent: nobody knows what a job costs there. */
  instanceTypes?: readonly string[];
  /** The most of one job. */
  vcpus: number;
  /** Bytes of memory, the most of one job. */
  memory: number;
  /** Bytes of the disk for models, which a job has for itself. */
  scratch: number;
  /** Absent: a queue without GPUs. */
  gpu?: {
    /** `g6`: the instance family. */
    family: string;
    /** The most of one job. */
    count: number;
    /** Bytes of memory of one GPU. */
    memory: number;
  };
}

export interface BatchConfiguration {
  /** In the order of preference where several would do. */
  queues: readonly BatchQueue[];
  /** Log group of the job definitions. Default `/aws/batch/job`. */
  logGroup: string;
}

/** Reads the JSON of `HUBFUSE_BATCH`. @throws UsageError `usage/batch-configuration` */
export function parseBatchConfiguration(text: string | undefined): BatchConfiguration {
  if (text === undefined) {
    throw unusable(
      'is not set',
      'deploy the stack, whose outputs hold its value, or write it yourself: docs/deploy.md',
    );
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw unusable(`is no JSON: ${(cause as Error).message}`, undefined, cause);
  }
  const { queues, logGroup = '/aws/batch/job' } = (content ?? {}) as { queues?: unknown; logGroup?: unknown };
  if (!Array.isArray(queues) || queues.length === 0) throw unusable('declares no queues');
  if (typeof logGroup !== 'string') throw unusable('has a logGroup that is no text');
  return { queues: queues.map((queue, index) => readQueue(queue, `queues[${index}]`)), logGroup };
}

function readQueue(value: unknown, where: string): BatchQueue {
  const { name, jobDefinition, instanceTypes, vcpus, memory, scratch, gpu } = (value ?? {}) as Record<string, unknown>;
  const queue = {
    name: text(name, `${where}.name`),
    jobDefinition: text(jobDefinition, `${where}.jobDefinition`),
    vcpus: positive(vcpus, `${where}.vcpus`),
    memory: positive(memory, `${where}.memory`),
    scratch: positive(scratch, `${where}.scratch`),
    ...(instanceTypes === undefined ? {} : { instanceTypes: texts(instanceTypes, `${where}.instanceTypes`) }),
  };
  if (gpu === undefined) return queue;
  const { family, count, memory: each } = (gpu ?? {}) as Record<string, unknown>;
  return {
    ...queue,
    gpu: {
      family: text(family, `${where}.gpu.family`),
      count: positive(count, `${where}.gpu.count`),
      memory: positive(each, `${where}.gpu.memory`),
    },
  };
}

function text(value: unknown, where: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw unusable(`needs a text in ${where}`);
}

function texts(value: unknown, where: string): string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '')) return value;
  throw unusable(`needs a list of texts in ${where}`);
}

function positive(value: unknown, where: string): number {
  if (typeof value === 'number' && value > 0) return value;
  throw unusable(`needs a positive number in ${where}`);
}

function unusable(message: string, hint?: string, cause?: unknown): UsageError {
  return new UsageError({ code: 'usage/batch-configuration', where: 'HUBFUSE_BATCH', message, hint, cause });
}
