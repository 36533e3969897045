import { join } from 'node:path';
import type { RunEvent, RunPlan, SearchSummary } from '@hubfuse/runs';
import { percent } from './scores-view.ts';
import { formatBytes, formatCount, formatDuration } from './units.ts';

type SearchEvent = Extract<RunEvent, { type: 'search' }>['search'];

/** A line for what changes a search; rejected candidates move the bar alone. */
export function describeSearchEvent(event: SearchEvent): string | undefined {
  switch (event.type) {
    case 'resumed':
      return event.decisions === 0 ? undefined : `the search goes on after ${formatCount(event.decisions)} decisions`;
    case 'initial':
      return `starting point ${event.record.name}: ${percent(event.record.verdict.score ?? Number.NaN)}`;
    case 'candidate': {
      const { record, best } = event;
      if (!record.accepted || record.verdict.score === undefined) return undefined;
      const score = percent(record.verdict.score);
      return `generation ${record.generation + 1}: candidate ${record.number + 1} accepted at ${score}, best ${percent(best)}`;
    }
    case 'ended':
      return `the search ended by ${event.reason}: best ${percent(event.best)}`;
  }
}

/** The end of a search: what it gained and what it cost. */
export function describeSearch(summary: SearchSummary, folder: string): string {
  const { start, best, spent, examples, coefficients = [], candidates, accepted, generations } = summary;
  const saved = spent.examplesInFull === 0 ? 0 : 1 - spent.examples / spent.examplesInFull;
  return [
    `searched ${generations === 1 ? 'one generation' : `${generations} generations`}: development ${percent(start.score)} before, ${percent(best.score)} after`,
    `  ${formatCount(candidates)} candidates, ${formatCount(accepted)} accepted, in ${formatDuration(spent.seconds)}`,
    `  ${formatCount(spent.examples)} examples scored, ${percent(saved)} % saved`,
    ...(examples === undefined ? [] : [describeExamples(examples)]),
    ...coefficients.map(({ name, start: from, value }) => `  ${name}: ${Number(value.toPrecision(6))} (from ${from})`),
    `  report: ${join(folder, 'search', 'report.html')}`,
  ].join('\n');
}

function describeExamples({ accepted, rejected }: NonNullable<SearchSummary['examples']>): string {
  const share = ({ examples, total }: typeof accepted): string =>
    total === 0 ? 'none' : `${percent(examples / total)} %`;
  return `  rejected candidates took ${share(rejected)} of their examples, accepted ones ${share(accepted)}`;
}

/** What the search of a plan does at most. */
export function describeSearchSize({ search }: Pick<RunPlan, 'search'>): string[] {
  if (search === undefined) return [];
  const { kind, initial, candidates, coefficients, examples, refresh } = search;
  const models = initial + candidates;
  const what = kind === 'evolution' ? 'the models evolve' : `${formatCount(coefficients)} coefficients are searched`;
  return [
    `search: ${what}: at most ${formatCount(candidates)} candidates after ${formatCount(initial)} to start from, each built and scored`,
    examples === undefined
      ? '  its examples are counted when they are downloaded'
      : `  at most ${formatCount(models * examples)} examples (${formatCount(examples)} for each); racing scores fewer`,
    ...(refresh === undefined ? [] : [describeRefresh(refresh)]),
  ];
}

function describeRefresh({
  gatherings,
  seconds,
  diskBytes,
}: NonNullable<NonNullable<RunPlan['search']>['refresh']>): string {
  const time = `about ${formatDuration(seconds)} each`;
  return `  statistics are gathered anew for models that evolve: at most ${formatCount(gatherings)} times, ${time}, in ${formatBytes(diskBytes)} of disk`;
}
