import { createHash } from 'node:crypto';
import { EvaluationError, type Example } from '@hubfuse/plugin';

/** Which rows of a file are meant: see `LoadDatasetOptions`. */
export interface Selection {
  split?: string | undefined;
  limit?: number | undefined;
  seed?: number | undefined;
}

/** The rows that a selection means, in the file's order, each with its number (from 0) in the file. */
export function selectRows(
  rows: readonly Example[],
  { split, limit, seed }: Selection,
  where: string,
): { row: Example; number: number }[] {
  let selected = rows.map((row, number) => ({ row, number }));
  if (split !== undefined) {
    const { value, slice } = parseSplit(split, where);
    if (value !== undefined) {
      selected = selected.filter(({ row }) => row.split === value);
      if (selected.length === 0) throw unknownSplit(value, rows, where);
    }
    if (slice !== undefined) selected = selected.slice(...slice(selected.length));
  }
  if (limit === undefined || limit >= selected.length) return selected;
  if (!Number.isInteger(limit) || limit < 1) {
    throw new EvaluationError({
      code: 'evaluate/bad-limit',
      where,
      message: `the limit ${limit} is not a positive integer`,
    });
  }
  if (seed === undefined) return selected.slice(0, limit);
  // Ranking by a hash of seed and row number keeps the sample the same on every machine and nested for growing limits.
  const ranked = selected.map((entry) => ({ entry, rank: rank(seed, entry.number) }));
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return ranked
    .slice(0, limit)
    .map(({ entry }) => entry)
    .sort((a, b) => a.number - b.number);
}

function rank(seed: number, row: number): string {
  return createHash('sha256').update(`${seed}:${row}`).digest('hex');
}

type Slice = (rows: number) => [start: number, end: number];

function parseSplit(split: string, where: string): { value?: string; slice?: Slice } {
  const [, value, start, end] = /^([^[\]]*?)(?:\[(-?\d+%?)?:(-?\d+%?)?\])?$/.exec(split.trim()) ?? [];
  if (value === undefined) {
    throw new EvaluationError({
      code: 'evaluate/bad-split',
      where,
      message: `the split "${split}" cannot be read`,
      hint: 'write the name of a split, a slice of rows, or both: test, [:500], test[10%:20%]',
    });
  }
  const slice: Slice = (rows) => [bound(start, rows) ?? 0, bound(end, rows) ?? rows];
  return { ...(value === '' ? {} : { value }), ...(split.includes('[') ? { slice } : {}) };
}

function bound(text: string | undefined, rows: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number.parseInt(text, 10);
  const at = text.endsWith('%') ? Math.round((number * rows) / 100) : number;
  return Math.min(rows, Math.max(0, at < 0 ? rows + at : at));
}

function unknownSplit(value: string, rows: readonly Example[], where: string): EvaluationError {
  const known = [...new Set(rows.map((row) => row.split))].filter((name) => name !== undefined);
  return new EvaluationError({
    code: 'evaluate/unknown-split',
    where,
    message: `no row belongs to the split "${value}"`,
    hint:
      known.length === 0
        ? 'the file has no column "split": name the file of the split instead'
        : `splits in this file: ${known.slice(0, 10).join(', ')}`,
  });
}
