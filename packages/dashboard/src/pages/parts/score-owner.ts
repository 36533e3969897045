import type { ScoreTable } from '../api/types.ts';
import type { StrandOwner } from './strand.ts';

/** Which examples a score is of. */
export type Split = 'dev' | 'test';

type Row = ScoreTable['rows'][number];

/** Whose strand a row of scores is. */
export function ownerOf(row: Row, rows: readonly Row[]): StrandOwner {
  if (row.role === 'merged' || row.role === 'candidate') return 'result';
  if (row.role !== 'parent') return 'base';
  return rows.filter(({ role }) => role === 'parent').findIndex(({ name }) => name === row.name);
}
