import type { CandidateRecord } from '@hubfuse/evolve';
import { count, escapeHtml, percent, shortName } from './html.ts';

/** Every candidate: what it came from, its score or the most that it could have reached, examples, time. */
export function candidateTable(candidates: readonly CandidateRecord[], models: readonly string[]): string {
  const body = candidates.map((record) => {
    const { number, generation, bar, verdict, accepted, seconds } = record;
    const cells = [
      numeric(String(number + 1)),
      numeric(String(generation + 1)),
      text(originOf(record, models)),
      numeric(bar === undefined ? '' : percent(bar, 2)),
      numeric(scoreOf(verdict)),
      numeric(`${count(verdict.examples)} of ${count(verdict.total)}`),
      numeric(`${seconds.toFixed(2)} s`),
      text(accepted ? 'accepted' : 'rejected'),
    ];
    return `<tr${accepted ? ' class="accepted"' : ''}>${cells.join('')}</tr>`;
  });
  const head = ['', 'generation', 'from', 'to beat', 'score', 'examples', 'time', ''];
  const headings = head.map((title) => `<th${NUMERIC.has(title) ? ' class="number"' : ''}>${title}</th>`);
  return `<div class="scroll"><table><thead><tr>${headings.join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

function scoreOf({ score, bound, failure }: CandidateRecord['verdict']): string {
  if (failure !== undefined) return `none: ${failure}`;
  return score === undefined ? `at most ${percent(bound ?? Number.NaN, 2)}` : percent(score, 2);
}

const NUMERIC = new Set(['generation', 'to beat', 'score', 'examples', 'time']);

function originOf({ step, point }: CandidateRecord, models: readonly string[]): string {
  const name = (index: number) => shortName(models[index] ?? String(index));
  if (step !== undefined) return `${name(step.individual)} with ${step.references.map(name).join(' and ')}`;
  return (point ?? []).map((value) => String(Number(value.toPrecision(3)))).join(', ');
}

function text(content: string): string {
  return `<td>${escapeHtml(content)}</td>`;
}

function numeric(content: string): string {
  return `<td class="number">${escapeHtml(content)}</td>`;
}
