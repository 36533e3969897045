import { watches } from '../recipes/recipe-uses.ts';
import type { ParsedRecipe } from '../recipes/stored-recipe.ts';
import type { Services } from '../services.ts';
import { ancestryOf } from './ancestry.ts';
import { usesOf } from './begin-push-run.ts';
import { formerNames } from './former-names.ts';
import type { HubPayload, UpdatedRef } from './hub-payload.ts';
import { queuePush } from './lanes.ts';

/** What came of a letter: done with it, or to be looked at again soon. */
export interface Handled {
  /** Lanes that have something new. */
  lanes: readonly string[];
  /** The letter has to wait: a run of ours is about to say whether the push is its own. */
  later: boolean;
}

/** Queues a push for every stored recipe that watches one of its refs, or for the one that is named alone. */
export async function handlePush(services: Services, payload: HubPayload, only?: string): Promise<Handled> {
  const { type, name } = payload.repo;
  const about = await recipesAbout(services, payload.repo);
  const recipes = only === undefined ? about : about.filter((recipe) => recipe.name === only);
  const lanes: string[] = [];
  if (recipes.length === 0) return { lanes, later: false };
  for (const updated of updatedRefs(payload)) {
    const watching = [];
    for (const recipe of recipes)
      if (await isWatched(services, recipe, { payload, ref: updated.ref })) watching.push(recipe);
    if (watching.length === 0) continue;
    if (updated.newSha === null) {
      await Promise.all(watching.map((recipe) => noteGone(services, recipe, { repo: name, ref: updated.ref })));
      continue;
    }
    const ancestry = type === 'model' ? await ancestryOf({ ...services, repo: name, sha: updated.newSha }) : [];
    if (ancestry === 'unknown') return { lanes, later: true };
    const push = { sha: updated.newSha, oldSha: updated.oldSha, ancestry };
    for (const { name: recipe } of watching) {
      lanes.push(await queuePush(services, { recipe, type, repo: name, ref: updated.ref }, push));
    }
  }
  return { lanes, later: false };
}

/** Stored recipes that call a repository by this name, or by one that it had before. */
export async function recipesAbout(
  { store, recipes }: Services,
  { type, name }: { type: 'model' | 'dataset'; name: string },
): Promise<ParsedRecipe[]> {
  const found = new Map<string, ParsedRecipe>();
  for (const known of [name, ...(await formerNames(store, type, name))]) {
    for (const recipe of await recipes.about(type, known)) found.set(recipe.name, recipe);
  }
  return [...found.values()];
}

/** Old deliveries name the head alone. */
function updatedRefs({ updatedRefs: refs, repo }: HubPayload): readonly UpdatedRef[] {
  if (refs !== undefined) return refs;
  return repo.headSha === undefined ? [] : [{ ref: 'refs/heads/main', oldSha: null, newSha: repo.headSha }];
}

async function isWatched(
  services: Services,
  { recipe }: ParsedRecipe,
  { payload, ref }: { payload: HubPayload; ref: string },
): Promise<boolean> {
  const { type, name: repo } = payload.repo;
  return (await usesOf(services, recipe, { type, repo })).some((use) => watches(recipe, use, ref));
}

async function noteGone(
  services: Services,
  { name }: ParsedRecipe,
  gone: { repo: string; ref: string },
): Promise<void> {
  await services.recipes.notes.add(name, {
    code: 'parent/ref-deleted',
    message: `${gone.ref} of ${gone.repo} was deleted`,
    hint: 'name another revision, or another model',
    at: new Date(services.now()).toISOString(),
    repo: gone.repo,
  });
}
