import type { ScoreTable } from '../api/types.ts';
import type { StrandOwner } from './strand.ts';

/** Which examples a score is of. */
export type Split = 'dev' | 'test';

type Row = ScoreTable['rows'][number];

/** Whose strand a row of scores is. */
export function ownerOf(row: Row, rows: readonly Row[]): StrandOwner {
  if (row.role === 'merged' || row.role === 'candidate' || row.role === 'published') return 'result';
  if (row.role !== 'parent') return 'base';
  return rows.filter(({ role }) => role === 'parent').findIndex(({ name }) => name === row.name);
}

/** Signs of what is no parent and no result, which share a colour. */
export type RowSign = 'dot' | 'ring' | 'square';

/** How a row of scores is marked besides its colour. */
export function signOf({ role }: Row): RowSign {
  if (role === 'average' || role === 'published') return 'ring';
  return role === 'ensemble' ? 'square' : 'dot';
}
