import type { RollbackRecord } from '../manifest.ts';

const START = '<!-- hubfuse: rolled back -->';
const END = '<!-- hubfuse: end of rolled back -->';

/** A card with a section that says what was taken back; one that it has already is replaced. */
export function cardWithRollback(card: string, record: RollbackRecord): string {
  const start = card.indexOf(START);
  const end = card.indexOf(END);
  const without = start === -1 || end < start ? card : `${card.slice(0, start)}${card.slice(end + END.length)}`;
  const section = [START, '## Rolled back', rollbackText(record), END].join('\n\n');
  return `${without.trimEnd()}\n\n${section}\n`;
}

/** What was taken back, why, and what its condition had come to: Markdown. */
export function rollbackText(record: RollbackRecord): string {
  const { revision, restored, name, at, reason } = record;
  const gate = gateText(record.gate);
  return [
    `On ${at.slice(0, 10)} the publication "${name}" (commit \`${revision}\`) was taken back; this is again what commit \`${restored}\` held.`,
    ...(reason === undefined ? [] : [`Reason: ${reason}`]),
    ...(gate === undefined ? [] : [`Its condition for publishing had come to: ${gate}`]),
  ].join('\n\n');
}

/** `mean > base: met (mean 0.8 > base 0.7: met)`; undefined where a manifest keeps no such record. */
export function gateText(gate: unknown): string | undefined {
  const { condition, met, explanation } = (gate ?? {}) as Partial<Record<'condition' | 'met' | 'explanation', unknown>>;
  if (typeof condition !== 'string') return undefined;
  const figures = typeof explanation === 'string' ? ` (${explanation})` : '';
  return `${condition}: ${met === true ? 'met' : 'not met'}${figures}`;
}
