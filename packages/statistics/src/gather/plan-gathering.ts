import { availableParallelism } from 'node:os';
import { estimateSessionMemory } from '@hubfuse/graphs';
import type { StatisticKind, StatisticRequest, StatisticsLayout } from '@hubfuse/plugin';
import { gramWidth } from '../format/triangle.ts';
import type { Measure, MeasuredModel, Measurement } from '../measure.ts';
import { type PassPlan, planPasses } from './plan-passes.ts';
import { valueBytes } from './statistics-writer.ts';
import type { StorageType } from './store-means.ts';

const FLOAT32_BYTES = 4;
/** Memory where nothing is said, in bytes. */
const DEFAULT_MEMORY = 4 * 2 ** 30;
/** Operations per second of one thread where estimates are made: what float32 products reach on processors of today. */
const OPERATIONS_PER_SECOND = 4e10;

export interface GatheringLimits {
  /** Bytes that gathering may take. Default 4 GiB. */
  memory?: number | undefined;
  /** Threads. Default: the processors available, at most 8. */
  workers?: number | undefined;
  /** Longest input in tokens. Default: what the model allows, at most 512. */
  maxLength?: number | undefined;
}

/** What gathering will take, known from headers alone. */
export interface GatheringPlan extends PassPlan {
  request: StatisticRequest;
  measurement: Measurement;
  dtype: StorageType;
  /** Bytes of the values in the file. */
  fileBytes: number;
  /** Bytes on the disk while it is written: the values of all passes but the last stand twice. */
  diskBytes: number;
  /** Floating-point operations per token of all passes, an upper bound where there are several. */
  operationsPerToken: number;
}

/**
 * Says what gathering statistics of a model takes.
 * @throws GraphError where there is no graph of the model, ResourceError where the memory does not suffice
 */
export function planGathering(options: {
  model: MeasuredModel;
  measure: Measure;
  request: StatisticRequest;
  dtype?: StorageType | undefined;
  limits?: GatheringLimits | undefined;
}): GatheringPlan {
  const { model, measure, request, dtype = 'F32', limits = {} } = options;
  const measurement = measure.measure(model, { variant: request.variant, maxLength: limits.maxLength });
  // Beside the weights in the orders of products, onnxruntime's arena holds up to as much as all of them take once: it grows
  // by doubling, and what is freed when a session has been opened is only used again where it fits.
  const sessionBytes = estimateSessionMemory(model.tensors.values()) + FLOAT32_BYTES * measurement.packedWeights;
  const passes = planPasses({
    measurement,
    sessionBytes,
    memory: limits.memory ?? DEFAULT_MEMORY,
    workers: limits.workers ?? Math.min(8, availableParallelism()),
  });
  const fileBytes = valueBytes(measurement.entries, dtype);
  return {
    ...passes,
    request,
    measurement,
    dtype,
    fileBytes,
    diskBytes: fileBytes + valueBytes(passes.passes.slice(0, -1).flat(), dtype),
    operationsPerToken: measurement.operationsPerToken * passes.passes.length,
  };
}

/** A rough estimate of the time that gathering over so many tokens takes, in seconds. */
export function estimateSeconds(plan: Pick<GatheringPlan, 'operationsPerToken' | 'workers'>, tokens: number): number {
  return (plan.operationsPerToken * tokens) / (plan.workers * OPERATIONS_PER_SECOND);
}

/** What the file will hold. */
export function plannedLayout({
  request,
  measurement,
  dtype,
}: Pick<GatheringPlan, 'request' | 'measurement' | 'dtype'>): StatisticsLayout {
  const { entries } = measurement;
  return {
    ...request,
    tensors: new Map(entries.map(({ key, shape }) => [key, { dtype, shape }])),
    aliases: new Map(entries.flatMap(({ key, aliases }) => aliases.map((alias) => [alias, key] as const))),
  };
}

/** The shape of every statistic of a model, as `checkStatistics` compares it: for `gram` the width of the input. */
export function expectedShapes(
  { entries }: Pick<Measurement, 'entries'>,
  kind: StatisticKind,
): Map<string, readonly number[]> {
  return new Map(
    entries.flatMap(({ key, aliases, shape }) => {
      const expected = kind === 'gram' ? [gramWidth(shape) ?? 0] : shape;
      return [key, ...aliases].map((name) => [name, expected] as const);
    }),
  );
}
