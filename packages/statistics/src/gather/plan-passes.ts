import { ResourceError } from '@hubfuse/plugin';
import type { MeasuredEntry, Measurement } from '../measure.ts';

const FLOAT64_BYTES = 8;
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

/**
 * Puts entries, in their order, into as few passes as the memory allows.
 * @throws ResourceError `statistics/memory` where one entry alone needs more
 */
export function planPasses(options: {
  measurement: Pick<Measurement, 'entries' | 'runBytes'>;
  /** Bytes that one session over the weights takes. */
  sessionBytes: number;
  memory: number;
  workers: number;
}): PassPlan {
  const { measurement, sessionBytes, memory } = options;
  const perWorker = sessionBytes + measurement.runBytes;
  let workers = Math.max(1, Math.min(options.workers, Math.floor((memory * SESSION_SHARE) / perWorker)));
  const fixed = (): number => workers * perWorker;
  const cost = ({ elements, outputBytes }: MeasuredEntry): number => FLOAT64_BYTES * elements + workers * outputBytes;
  const largest = (): number => Math.max(0, ...measurement.entries.map(cost));
  while (workers > 1 && fixed() + largest() > memory) workers--;
  if (fixed() + largest() > memory) {
    const [worst] = [...measurement.entries].sort((a, b) => cost(b) - cost(a));
    throw new ResourceError({
      code: 'statistics/memory',
      where: worst?.key,
      message: `gathering needs ${megabytes(fixed() + largest())} of memory, and ${megabytes(memory)} are allowed`,
      hint: 'allow more with --memory',
    });
  }
  const passes: MeasuredEntry[][] = [];
  let [used, peak] = [Number.POSITIVE_INFINITY, fixed()];
  for (const entry of measurement.entries) {
    if (used + cost(entry) > memory) {
      passes.push([]);
      used = fixed();
    }
    passes.at(-1)?.push(entry);
    used += cost(entry);
    peak = Math.max(peak, used);
  }
  return { passes, workers, peakBytes: peak };
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
