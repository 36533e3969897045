import type { Dataset } from '@hubfuse/evaluate';
import { estimateSeconds, estimateTokens, type GatheringPlan, type WrittenStatistics } from '@hubfuse/statistics';
import { formatBytes, formatCount, formatDuration } from './units.ts';

/** A plan as numbers. */
export function planView(plan: GatheringPlan, { examples }: Pick<Dataset, 'examples'>) {
  const tokens = estimateTokens(examples);
  const { passes, workers, peakBytes, fileBytes, diskBytes, request, measurement } = plan;
  return {
    ...request,
    entries: measurement.entries.length,
    passes: passes.length,
    workers,
    memoryBytes: peakBytes,
    fileBytes,
    diskBytes,
    examples: examples.length,
    tokens,
    seconds: estimateSeconds(plan, tokens),
  };
}

/** A plan for people. */
export function describePlan(view: ReturnType<typeof planView>): string {
  const passes = view.passes === 1 ? 'one pass' : `${view.passes} passes`;
  return [
    `${view.kind} (${view.variant}): ${view.entries} entries in ${passes} over the data by ${view.workers === 1 ? 'one worker' : `${view.workers} workers`}`,
    `memory: ${formatBytes(view.memoryBytes)} at most`,
    `disk: ${formatBytes(view.fileBytes)}, while it is written ${formatBytes(view.diskBytes)}`,
    `time: about ${formatDuration(view.seconds)} for ${formatCount(view.examples)} ${view.examples === 1 ? 'example' : 'examples'} of some ${formatCount(view.tokens)} tokens in all`,
  ].join('\n');
}

/** What was written, as facts. */
export function resultOf({ sha256, size, provenance }: WrittenStatistics, { request, passes }: GatheringPlan) {
  return { ...request, size, sha256, passes: passes.length, provenance };
}

/** What was written, for people. */
export function describeResult(
  result: { path: string; published?: { url: string; as: string; already: boolean } } & ReturnType<typeof resultOf>,
): string {
  const { path, size, provenance, sha256, published } = result;
  const { examples, storageError } = provenance;
  const lines = [
    `${path}: ${formatBytes(size)}, ${examples} examples, SHA-256 ${sha256.slice(0, 12)}, storage error ${storageError.toExponential(1)}`,
  ];
  if (published !== undefined) {
    const how = published.already ? 'was published already' : published.as === 'commit' ? 'published' : 'proposed';
    lines.push(`${how}: ${published.url}`);
  }
  return lines.join('\n');
}
