import type { DataFile, Recipe } from '@hubfuse/recipe';
import { refName, watchedName } from './ref-name.ts';

/** A repository that a recipe merges or is scored on. */
export interface RecipeUse {
  type: 'model' | 'dataset';
  repo: string;
  /** As the recipe names it. Absent: `main`. */
  revision?: string | undefined;
}

/** Names of the Hub's repositories differ in more than case. */
export function sameRepo(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** The models and the scoring data of a recipe whose change asks for a new run. */
export function recipeUses({ base, models, evaluate }: Recipe): RecipeUse[] {
  const entries = [...(base === undefined ? [] : [base]), ...models];
  const uses = entries.flatMap(({ reference }): RecipeUse[] =>
    reference.kind === 'hub' ? [{ type: 'model', repo: reference.repo, revision: reference.revision }] : [],
  );
  for (const { dev, test } of evaluate?.datasets ?? []) {
    for (const file of [dev, test]) {
      if (file?.kind === 'hub') uses.push({ type: 'dataset', repo: file.repo, revision: file.revision });
    }
  }
  const different = new Map(uses.map((use) => [JSON.stringify([use.type, use.repo, use.revision ?? '']), use]));
  return [...different.values()];
}

/** Every repository that a run of the recipe reads, statistics and the data for them included. */
export function recipeRepos(recipe: Recipe): { type: 'model' | 'dataset'; repo: string }[] {
  const repos: { type: 'model' | 'dataset'; repo: string }[] = [...recipeUses(recipe)];
  const addFile = (file: DataFile | undefined): void => {
    if (file?.kind === 'hub') repos.push({ type: 'dataset', repo: file.repo });
  };
  for (const { calibration, statistics } of [...(recipe.base === undefined ? [] : [recipe.base]), ...recipe.models]) {
    addFile(calibration?.data);
    if (statistics?.kind === 'hub') repos.push({ type: statistics.type, repo: statistics.repo });
  }
  for (const { calib } of recipe.evaluate?.datasets ?? []) addFile(calib);
  const different = new Map(repos.map(({ type, repo }) => [`${type} ${repo.toLowerCase()}`, { type, repo }]));
  return [...different.values()];
}

/**
 * Whether a push to a ref of one of its repositories starts the recipe. A use with a revision watches that one; without
 * one it watches the refs of the trigger, and pull requests where the trigger says so.
 */
export function watches(recipe: Pick<Recipe, 'trigger'>, use: RecipeUse, ref: string): boolean {
  const { kind, name } = refName(ref);
  if (use.revision !== undefined) return watchedName(use.revision) === name;
  const { refs = ['main'], pullRequests = false } = recipe.trigger ?? {};
  if (kind === 'pull-request') return pullRequests;
  return (kind === 'branch' || kind === 'tag') && refs.includes(name);
}
