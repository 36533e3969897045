import { FREE_MACHINE, formatUsd } from '@hubfuse/plugin';
import type { RunCost, RunEvent, RunProgress, RunReport } from '@hubfuse/runs';
import type { Output } from './output.ts';
import { renderScores } from './score-table.ts';
import { percent } from './scores-view.ts';
import { describeSearch, describeSearchEvent } from './search-view.ts';
import { formatBytes } from './units.ts';

/** Shows what happens in a run: as JSON lines, or as a few lines and a bar for people. */
export function showRun(output: Output): {
  onEvent(event: RunEvent): void;
  onProgress(progress: RunProgress): void;
} {
  return {
    onEvent(event) {
      if (event.type === 'warning' && !output.json) output.warn(placed(event));
      else output.event({ event: event.type, ...withoutType(event) }, describeEvent(event));
    },
    onProgress({ phase, label, done, total, unit, note }) {
      // Steps of a merge come one after the other; files and datasets of other phases take turns.
      if (phase === 'merge') output.progress({ label: `${phase} ${label}`, done, total, unit });
      else if (phase === 'search')
        output.progress({ label: phase, done, total, unit, ...(note === undefined ? {} : { note }) });
      else output.progress({ label: phase, detail: label, done, total, unit });
    },
  };
}

/** What a warning is about stands in front, where the message does not say it. */
function placed({ message, where }: Extract<RunEvent, { type: 'warning' }>): string {
  return where === undefined || message.includes(where) ? message : `${where}: ${message}`;
}

function withoutType(event: RunEvent): object {
  const { type: _, ...rest } = event;
  return rest;
}

function describeEvent(event: RunEvent): string | undefined {
  switch (event.type) {
    case 'started':
      return event.resumedAt === undefined ? undefined : `resuming at: ${event.resumedAt}`;
    case 'pinned':
      return event.revision === undefined ? undefined : `pinned ${event.name} to ${event.revision.slice(0, 12)}`;
    case 'scored':
      return `scored ${event.name} on ${event.split}: mean ${percent(event.mean)}`;
    case 'search':
      return describeSearchEvent(event.search);
    default:
      return undefined;
  }
}

/** The end of a run as a JSON line: the report, and the merged model's test score (else its dev score) by its metric. */
export function reportAsJson(report: RunReport): object {
  const merged = report.scores?.rows.find(({ role }) => role === 'merged');
  const scores = merged?.test ?? merged?.dev;
  if (report.scores === undefined || scores === undefined) return report;
  return { ...report, [report.scores.metric]: scores.mean };
}

/** The end of a run, for people. */
export function describeReport(report: RunReport): string {
  const lines: string[] = [];
  const size = report.files.reduce((total, file) => total + file.size, 0);
  lines.push(`merged into ${report.folder} (${report.files.length} files, ${formatBytes(size)})`);
  if (report.search !== undefined) lines.push('', describeSearch(report.search, report.folder));
  if (report.scores !== undefined) {
    const { metric, task } = report.scores;
    for (const split of ['dev', 'test'] as const) {
      const table = renderScores(report.scores, split);
      if (table === '') continue;
      const purpose = split === 'dev' ? 'development' : 'test';
      const compared = report.scores.rows.some(({ difference }) => difference?.[split] !== undefined);
      const note = compared ? '; in parentheses the paired 95 % interval of the difference' : '';
      lines.push('', `${metric} in percent on ${purpose} data (${task})${note}`, '', table);
    }
  }
  if (report.gate !== undefined) {
    const verdict = report.gate.met ? 'holds' : 'does not hold: done, not published';
    lines.push('', `publish if ${report.gate.condition}: ${verdict}`);
    lines.push(...report.gate.explanation.split('; ').map((comparison) => `  ${comparison}`));
  }
  if (report.cost !== undefined) lines.push('', describeRunCost(report.cost));
  for (const { url, revision, already, as } of report.published) {
    const how = already ? 'was published already' : as === 'pull_request' ? 'proposed as a pull request' : 'published';
    lines.push('', `${how}: ${url} (${revision.slice(0, 12)})`);
  }
  return lines.join('\n');
}

/** What a run has cost, or why it cost nothing. */
export function describeRunCost({ machine, launcher, spentUsd, verified, unpriced, estimatedUsd }: RunCost): string {
  if (unpriced)
    return `cost: unknown, since nobody knows the price of a machine that it ran on (${machine}, ${launcher})`;
  if (machine === FREE_MACHINE && spentUsd === 0) return `cost: nothing, it ran on ${machine}`;
  const expected = estimatedUsd === undefined ? '' : `, expected were ${formatUsd(estimatedUsd.expected)}`;
  const prices = verified ? '' : '; prices not verified';
  return `cost: about ${formatUsd(spentUsd)} by ${launcher} on ${machine}${expected}${prices}`;
}
