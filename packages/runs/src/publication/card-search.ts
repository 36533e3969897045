import type { ScoredExamples } from '@hubfuse/evolve';
import type { CardSearch } from '@hubfuse/hub';
import { type SearchSummary, scoredBy } from '../search/search-summary.ts';

const EVOLVER = 'Evolver (Du et al., Knowledge Fusion by Evolving Weights of Language Models, arXiv 2406.12208)';
const CMA_ES = 'CMA-ES (Hansen, The CMA Evolution Strategy: A Tutorial, arXiv 1604.00772)';

/** What the card says of a search. */
export function cardSearch(summary: SearchSummary, method: { title: string; alone: boolean }): CardSearch {
  const { coefficients, examples, refreshed, settings, seed, spent } = summary;
  const of = scoredBy(
    summary,
    ({ processor, onnxruntime, provider }) => `${processor}, onnxruntime ${onnxruntime} (${provider})`,
  );
  const figures = {
    Settings: Object.entries(settings)
      .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(' + ') : String(value)}`)
      .join(', '),
    Seed: String(seed),
    'Development score before': `${percent(summary.start.score)} (${summary.start.name})`,
    'Development score after': percent(summary.best.score),
    Generations: String(summary.generations),
    'Candidates decided on': `${summary.candidates}, ${summary.accepted} of them accepted`,
    'Models scored': String(spent.evaluations),
    'Examples scored': `${count(spent.examples)} of ${count(spent.examplesInFull)} (${percent(saved(summary))} saved)`,
    ...(examples === undefined
      ? {}
      : {
          'Examples of accepted candidates': shareOf(examples.accepted),
          'Examples of rejected candidates': shareOf(examples.rejected),
        }),
    ...(refreshed === undefined ? {} : { 'Statistics gathered anew': refreshedText(refreshed) }),
    'Ended by': ENDS[summary.ended],
    'Scored with': of,
  };
  return {
    text: textOf(summary, method),
    figures: Object.entries(figures).map(([name, value]) => ({ name, value })),
    coefficients: coefficients?.map(({ name, start, value }) => {
      return { name, start: String(start), value: String(Number(value.toPrecision(6))) };
    }),
  };
}

const ENDS: Readonly<Record<SearchSummary['ended'], string>> = {
  generations: 'the number of generations',
  evaluations: 'the budget of evaluations',
  examples: 'the budget of examples',
  seconds: 'the budget of time',
  converged: 'convergence',
};

function textOf({ kind, individual }: SearchSummary, { title, alone }: { title: string; alone: boolean }): string {
  const decided = 'It was decided by development data alone; the test data were scored once, after the search.';
  if (kind === 'coefficients') return `Coefficients of ${title} were searched by ${CMA_ES}. ${decided}`;
  if (alone) return `The models evolved by ${EVOLVER}; the descendant of ${individual} is the result. ${decided}`;
  return `The models evolved by ${EVOLVER} so that their merge by ${title} scores higher. ${decided}`;
}

function refreshedText({ statistics, candidates, individuals }: NonNullable<SearchSummary['refreshed']>): string {
  const changed = `${individuals} changed ${individuals === 1 ? 'model' : 'models'}`;
  return `${statistics}: for each of ${count(candidates)} candidates, and ${changed} of the result`;
}

function shareOf({ examples, total }: ScoredExamples): string {
  return total === 0 ? 'none' : `${count(examples)} of ${count(total)} (${percent(examples / total)})`;
}

/** Share of the examples that racing did not have to score. */
export function saved({ spent }: Pick<SearchSummary, 'spent'>): number {
  return spent.examplesInFull === 0 ? 0 : 1 - spent.examples / spent.examplesInFull;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

function count(number: number): string {
  return number.toLocaleString('en');
}
