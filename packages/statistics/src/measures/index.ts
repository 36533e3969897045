import { didYouMean, type StatisticRequest, StatisticsError } from '@hubfuse/plugin';
import type { Measure } from '../measure.ts';
import { fisher } from './fisher.ts';
import { gram } from './gram.ts';

/** Every kind that can be gathered. */
export const MEASURES: readonly Measure[] = [gram, fisher];

/** @throws StatisticsError `statistics/unknown-kind`, `statistics/unknown-variant` */
export function findMeasure({ kind, variant }: { kind: string; variant?: string | undefined }): {
  measure: Measure;
  request: StatisticRequest;
} {
  const measure = MEASURES.find((candidate) => candidate.kind === kind);
  if (measure === undefined) {
    const known = MEASURES.map((candidate) => candidate.kind);
    throw new StatisticsError({
      code: 'statistics/unknown-kind',
      message: `there are no statistics of kind "${kind}"`,
      hint: didYouMean(kind, known) ?? `known: ${known.join(', ')}`,
    });
  }
  const chosen = variant ?? measure.variants[0] ?? '';
  if (measure.variants.includes(chosen)) return { measure, request: { kind: measure.kind, variant: chosen } };
  throw new StatisticsError({
    code: 'statistics/unknown-variant',
    message: `${kind} statistics have no variant "${chosen}"`,
    hint: `known: ${measure.variants.join(', ')}`,
  });
}
