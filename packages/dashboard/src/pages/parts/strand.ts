/** Colours of parents before they repeat. */
const COLOURS = 6;

/** What a strand is: the base, a parent by its place in the recipe counted from 0, or what is made of them. */
export type StrandOwner = 'base' | 'result' | number;

/** The class that colours everything that is of one model. */
export function strandClass(owner: StrandOwner): string {
  if (owner === 'base') return 's0';
  if (owner === 'result') return 'sr';
  return `s${1 + (owner % COLOURS)}`;
}
