import type { Recipe } from '@hubfuse/recipe';
import { recipeUses, sameRepo, watches } from './recipe-uses.ts';

/** A recipe by its name, as far as triggers go. */
export interface NamedRecipe {
  name: string;
  recipe: Recipe;
}

/** A publication of one recipe that starts the next. */
export interface CycleStep {
  recipe: string;
  /** What it publishes to. */
  repo: string;
}

/**
 * The shortest way on which what a recipe publishes would start it again: by itself, or by way of other stored recipes.
 * Undefined where there is none. A pull request counts as if it were merged.
 */
export function findCycle(start: NamedRecipe, others: readonly NamedRecipe[]): CycleStep[] | undefined {
  const all = [start, ...others.filter(({ name }) => name !== start.name)];
  const ways: { at: NamedRecipe; steps: CycleStep[] }[] = [{ at: start, steps: [] }];
  const seen = new Set<string>();
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const target = way.at.recipe.publish?.hub;
    if (target === undefined) continue;
    const steps = [...way.steps, { recipe: way.at.name, repo: target.repo }];
    for (const next of all) {
      if (!isStartedBy(next.recipe, target)) continue;
      if (next === start) return steps;
      if (seen.has(next.name)) continue;
      seen.add(next.name);
      ways.push({ at: next, steps });
    }
  }
  return undefined;
}

function isStartedBy(recipe: Recipe, { repo, branch }: { repo: string; branch: string }): boolean {
  const ref = `refs/heads/${branch}`;
  return recipeUses(recipe).some(
    (use) => use.type === 'model' && sameRepo(use.repo, repo) && watches(recipe, use, ref),
  );
}

/** `a publishes to ns/x, which starts b; b publishes to ns/y, which starts a` */
export function describeCycle(steps: readonly CycleStep[]): string {
  return steps
    .map(({ recipe, repo }, index) => {
      const next = steps[(index + 1) % steps.length]?.recipe ?? recipe;
      return `${recipe} publishes to ${repo}, which starts ${next === recipe ? 'it' : next}`;
    })
    .join('; ');
}
