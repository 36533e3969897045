import { isNamed } from '../plan/is-named.ts';
import type { PlannedTensor } from '../plan/merge-plan.ts';
import type { Genealogy } from './genealogy.ts';

/**
 * Whether a tensor takes part in an evolution: it is merged, every individual has its own values of all of it, and it is
 * not excluded. Others stay what they are.
 */
export function evolves(
  { rule, parts, name }: PlannedTensor,
  { genealogy, individuals }: { genealogy: Pick<Genealogy, 'exclude'>; individuals: number },
): boolean {
  return rule !== 'copy' && rule !== 'labels' && parts.length === individuals && !isNamed(name, genealogy.exclude);
}
