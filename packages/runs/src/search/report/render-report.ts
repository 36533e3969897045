import { examplesByOutcome, type ScoredExamples, type SearchState } from '@hubfuse/evolve';
import { HUBFUSE_VERSION } from '@hubfuse/hub';
import type { ScoreTable } from '../../report.ts';
import type { CandidateNames } from '../candidate-lines.ts';
import { type SearchSummary, scoredBy } from '../search-summary.ts';
import { candidateTable } from './candidate-table.ts';
import { coefficientChart } from './coefficient-chart.ts';
import { courseOf } from './course.ts';
import { datasetChart } from './dataset-chart.ts';
import { examplesChart } from './examples-chart.ts';
import { genealogyChart } from './genealogy-chart.ts';
import { count, duration, escapeHtml, percent } from './html.ts';
import { scoreChart } from './score-chart.ts';
import { STYLE } from './style.ts';

export interface SearchReportContent extends CandidateNames {
  /** Name of the run. */
  name: string;
  /** Title of the merge method. */
  method: string;
  /** Whether a single individual is the result. */
  alone: boolean;
  state: SearchState;
  summary: SearchSummary;
  /** Scores of the merge beside its parents, where they were computed. */
  scores: ScoreTable | undefined;
}

/** The report of a search as one HTML file that loads nothing from elsewhere. */
export function renderSearchReport(content: SearchReportContent): string {
  const sections = [
    courseSection(content),
    content.summary.kind === 'evolution' ? genealogySection(content) : coefficientSection(content),
    datasetSection(content),
    examplesSection(content),
    candidateSection(content),
    settingsSection(content),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(content.name)}: how it was found</title>
<style>
${STYLE}
</style>
</head>
<body>
<main>
${header(content)}
${sections.filter((section) => section !== '').join('\n')}
</main>
</body>
</html>
`;
}

function header({ name, method, alone, summary }: SearchReportContent): string {
  const { kind, start, best, spent } = summary;
  const searched = kind === 'coefficients' ? `CMA-ES over ${method}` : alone ? method : `Evolver around ${method}`;
  const saved = spent.examplesInFull === 0 ? 0 : 1 - spent.examples / spent.examplesInFull;
  const figures = [
    ['main', percent(best.score, 2), 'development score found'],
    ['', percent(start.score, 2), `before the search (${start.name})`],
    ['', `${summary.accepted} of ${summary.candidates}`, 'candidates accepted'],
    ['', percent(saved), 'of the examples saved'],
    ['', duration(spent.seconds), 'of search'],
  ];
  const items = figures.map(
    ([style, value, text]) =>
      `<li class="${style}"><b>${escapeHtml(value ?? '')}</b><span>${escapeHtml(text ?? '')}</span></li>`,
  );
  return `<header>
<p class="kind">${escapeHtml(searched)}</p>
<h1>${escapeHtml(name)}</h1>
<p class="lead">Every decision was made by development data. Test data were scored once, after the search.</p>
<ul class="figures">${items.join('')}</ul>
</header>`;
}

function section(title: string, text: string, body: string): string {
  return `<section>\n<h2>${escapeHtml(title)}</h2>\n<p>${escapeHtml(text)}</p>\n${body}\n</section>`;
}

function courseSection({ state, alone, summary }: SearchReportContent): string {
  if (state.candidates.length === 0) return '';
  const title = 'Score by generation';
  const chart = scoreChart({ course: courseOf(state, { alone }), start: summary.start.score, title });
  const legend = [
    '<li><span class="swatch line best-line"></span>best so far</li>',
    ...(alone ? ['<li><span class="swatch line mean-line"></span>mean of the population</li>'] : []),
    '<li><span class="swatch dot merged"></span>accepted</li>',
    '<li><span class="swatch ring"></span>rejected, scored to the end</li>',
    '<li><span class="swatch line quiet"></span>rejected before the end</li>',
  ];
  const text = 'Plain mean of the development scores. The dashed line is where the search began.';
  return section(title, text, `${chart}<ul class="legend">${legend.join('')}</ul>`);
}

function genealogySection({ models, state, summary, alone }: SearchReportContent): string {
  const title = 'Genealogy';
  const individual = summary.individual === undefined ? undefined : models.indexOf(summary.individual);
  const chart = genealogyChart({ models, candidates: state.candidates, individual, title });
  const text =
    'A line for each model from left to right. A point is an offspring that took its place; curves come from the models ' +
    `whose values it took. ${alone ? 'The ring is the result.' : 'The result is the merge of the population at the right.'}`;
  return section(title, text, chart);
}

function coefficientSection({ state, summary }: SearchReportContent): string {
  const title = 'Coefficients';
  const chart = coefficientChart({ coefficients: summary.coefficients ?? [], candidates: state.candidates, title });
  return section(
    title,
    'The values that were tried; the line is the best so far, the figure at the right what was found.',
    chart,
  );
}

function datasetSection({ scores }: SearchReportContent): string {
  if (scores === undefined) return '';
  const split = scores.rows.some(({ test }) => test !== undefined) ? 'test' : 'dev';
  const title = split === 'test' ? 'Test scores beside the parents' : 'Development scores beside the parents';
  const { chart, legend } = datasetChart({ table: scores, split, title });
  return section(
    title,
    `${scores.metric} by dataset; the mean is the plain mean over the datasets of the domain.`,
    chart + legend,
  );
}

function examplesSection({ state, summary }: SearchReportContent): string {
  const { candidates } = state;
  if (candidates.length === 0) return '';
  const { spent } = summary;
  const { accepted, rejected } = examplesByOutcome(candidates);
  const title = 'Examples that decided';
  const text =
    `A candidate is rejected as soon as it can no longer win: ${count(spent.examples)} of ${count(spent.examplesInFull)} examples ` +
    `were scored. Rejected candidates took ${shareOf(rejected)} of theirs, accepted ones ${shareOf(accepted)}.`;
  const legend =
    '<ul class="legend"><li><span class="swatch merged"></span>scored, accepted</li>' +
    '<li><span class="swatch quiet"></span>scored, rejected</li></ul>';
  return section(title, text, examplesChart({ candidates, title }) + legend);
}

function shareOf({ examples, total }: ScoredExamples): string {
  return percent(examples / total);
}

function candidateSection({ state, models }: SearchReportContent): string {
  const table = candidateTable(state.candidates, models);
  return `<section><details><summary>All ${count(state.candidates.length)} candidates</summary>${table}</details></section>`;
}

function settingsSection({ summary, state }: SearchReportContent): string {
  const { settings, seed, generations, ended } = summary;
  const shown = {
    ...settings,
    seed,
    'generations begun': generations,
    'ended by': ended,
    'models scored': count(summary.spent.evaluations),
    processor: scoredBy(summary, ({ processor }) => processor),
    provider: scoredBy(
      summary,
      ({ provider, onnxruntime, platform }) => `${provider}, onnxruntime ${onnxruntime} on ${platform}`,
    ),
    hubfuse: HUBFUSE_VERSION,
    search: state.identity.slice(0, 16),
  };
  const entries = Object.entries(shown).map(
    ([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml([value].flat().join(', '))}</dd>`,
  );
  return `<section><h2>Settings</h2><dl>${entries.join('')}</dl></section>`;
}
