import { ResourceError } from '@hubfuse/plugin';
import type { MeasuredEntry, Measurement } from '../measure.ts';

const FLOAT64_BYTES = 8;
/** Node.js with what tokenisation leaves behind, and the code of onnxruntime. */
const PROCESS_BYTES = 320 * 2 ** 20;
/** Share of the memory that sessions may take: more threads mean more copies of the weights. */
const SESSION_SHARE = 1 / 2;

/** How the entries are gathered within a bound on memory. Neither passes nor workers change a bit of the result. */
export interface PassPlan {
  /** Each pass runs the model over all examples, as far as its entries need it. */
  passes: readonly (readonly MeasuredEntry[])[];
  workers: number;
  /** Bytes of the largest pass. */
  peakBytes: number;
}

export interface PlanPassesOptions {
  measurement: Pick<Measurement, 'entries' | 'runBytes'>;
  /** Bytes that one session keeps beside the values of a run. */
  sessionBytes: number;
  /** Bytes that the whole process may take. */
  memory: number;
  workers: number;
}

/**
 * Puts entries, in their order, into as few passes as the memory allows.
 * @throws ResourceError `statistics/memory` where one entry alone needs more
 */
export function planPasses(options: PlanPassesOptions): PassPlan {
  const { measurement, sessionBytes, memory } = options;
  const { entries } = measurement;
  let workers = Math.max(1, Math.min(options.workers, Math.floor((memory * SESSION_SHARE) / sessionBytes)));
  const cost = ({ elements, outputBytes }: MeasuredEntry): number => FLOAT64_BYTES * elements + workers * outputBytes;
  const least = (): number => peakOf(options, workers, Math.max(0, ...entries.map(cost)));
  while (workers > 1 && least() > memory) workers--;
  if (least() > memory) {
    const [worst] = [...entries].sort((a, b) => cost(b) - cost(a));
    throw new ResourceError({
      code: 'statistics/memory',
      where: worst?.key,
      message: `gathering needs ${megabytes(least())} of memory, and ${megabytes(memory)} are allowed`,
      hint: 'allow more with --memory',
    });
  }
  const passes: MeasuredEntry[][] = [];
  let [used, peak] = [Number.POSITIVE_INFINITY, 0];
  for (const entry of entries) {
    if (peakOf(options, workers, used + cost(entry)) > memory) {
      passes.push([]);
      used = 0;
    }
    passes.at(-1)?.push(entry);
    used += cost(entry);
    peak = Math.max(peak, used);
  }
  return { passes, workers, peakBytes: peakOf(options, workers, peak) };
}

/** Bytes of a pass whose sums and outputs take `used`. */
function peakOf({ measurement, sessionBytes }: PlanPassesOptions, workers: number, used: number): number {
  return PROCESS_BYTES + workers * (sessionBytes + measurement.runBytes) + used;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
