import type { EvolutionStep, Genealogy } from './genealogy.ts';

/** What must be read and replayed for a result. */
export interface Lineage {
  /** The steps that the result depends on, in order, as long as they see the same population. */
  groups: readonly (readonly EvolutionStep[])[];
  /** For each individual whether its values at the beginning matter. */
  needed: readonly boolean[];
}

/**
 * Leaves out what the result does not depend on: all ancestors of a single individual, everything for a merged
 * population. Steps that see the same population form a group.
 */
export function lineageOf(genealogy: Genealogy, individuals: number): Lineage {
  const all = groupSteps(genealogy);
  const { individual } = genealogy;
  if (individual === undefined) return { groups: all, needed: new Array<boolean>(individuals).fill(true) };
  const needed = new Set([individual]);
  const kept: EvolutionStep[][] = [];
  for (const group of [...all].reverse()) {
    const relevant = group.filter((step) => needed.has(step.individual));
    if (relevant.length === 0) continue;
    // A child still holds its parent's scalars where the crossover took none, so the parent stays needed.
    for (const { references } of relevant) for (const reference of references) needed.add(reference);
    kept.unshift(relevant);
  }
  return { groups: kept, needed: Array.from({ length: individuals }, (_, index) => needed.has(index)) };
}

/** Steps that see the same population, in order of acceptance. */
export function groupSteps({ steps, update }: Genealogy): EvolutionStep[][] {
  const groups: EvolutionStep[][] = [];
  for (const step of steps) {
    const open = groups.at(-1);
    const sameView = update === 'synchronous' && open?.[0]?.generation === step.generation;
    if (open !== undefined && sameView) open.push(step);
    else groups.push([step]);
  }
  return groups;
}
