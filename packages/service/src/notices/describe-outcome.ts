import type { RunRecord, ScoreRow } from '@hubfuse/runs';

/** How a run ended, as notices tell it. */
export type Outcome = 'done' | 'failed' | 'gate_not_met' | 'cancelled';

/** Undefined while it has not ended. */
export function outcomeOf({ state, report }: RunRecord): Outcome | undefined {
  if (state.status === 'failed' || state.status === 'cancelled') return state.status;
  if (state.status !== 'done') return undefined;
  // Somebody may have had it published all the same.
  return report?.gate?.met === false && report.published.length === 0 ? 'gate_not_met' : 'done';
}

/** The outcome of a run as a comment in Markdown; with a link where people reach the service. */
export function describeOutcome(outcome: Outcome, run: RunRecord, publicUrl?: string): string {
  const { spec, state, report } = run;
  const paragraphs = [headline(outcome, run)];
  if (report?.gate !== undefined) {
    paragraphs.push(`Gate \`${report.gate.condition.replaceAll('`', '')}\`: ${report.gate.explanation}`);
  }
  const table = scoreTable(run);
  if (table !== undefined) paragraphs.push(table);
  if (outcome === 'failed' && state.error !== undefined) {
    const { code, message, hint } = state.error;
    paragraphs.push(`\`${code}\`: ${message}${hint === undefined ? '' : `\n\n${hint}`}`);
  }
  const { cause } = spec.origin;
  if (cause !== undefined) paragraphs.push(`Started by ${cause.sha.slice(0, 12)} on ${cause.ref} of ${cause.repo}.`);
  if (publicUrl !== undefined) paragraphs.push(`[The run](${runAddress(publicUrl, spec.id)})`);
  return paragraphs.join('\n\n');
}

/** The page of a run. */
export function runAddress(publicUrl: string, id: string): string {
  return `${publicUrl.replace(/\/+$/, '')}/#/runs/${encodeURIComponent(id)}`;
}

function headline(outcome: Outcome, { spec, report }: RunRecord): string {
  const of = spec.origin.recipe === undefined ? '' : ` of the recipe \`${spec.origin.recipe.name}\``;
  const run = `The run \`${spec.id}\`${of}`;
  if (outcome === 'failed') return `${run} has failed.`;
  if (outcome === 'cancelled') return `${run} was cancelled.`;
  if (outcome === 'gate_not_met') return `${run} is done and not published: its gate is not met.`;
  const places = (report?.published ?? []).map(({ url }) => url);
  return `${run} is done${places.length === 0 ? '; it publishes nothing.' : `: ${places.join(', ')}`}`;
}

function scoreTable({ report }: RunRecord): string | undefined {
  const scores = report?.scores;
  if (scores === undefined) return undefined;
  const split = scores.rows.some(({ dev }) => dev !== undefined) ? 'dev' : 'test';
  const names = scores.datasets.map(({ name }) => name);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const row = (score: ScoreRow): string => {
    const figures = score[split];
    const cells = names.map((name) => percent(figures?.datasets[name]));
    return line([`${score.role === 'merged' ? 'merged' : score.name}`, ...cells, percent(figures?.mean)]);
  };
  return [
    line([`${scores.metric} (${split})`, ...names, 'mean']),
    line(['---', ...names.map(() => '---:'), '---:']),
    ...scores.rows.filter((each) => each[split] !== undefined).map(row),
  ].join('\n');
}

function percent(score: number | undefined): string {
  return score === undefined ? '' : `${(100 * score).toFixed(2)} %`;
}
