import { UsageError } from '@hubfuse/plugin';
import type { DataFile, ModelEntry, Recipe } from '@hubfuse/recipe';
import type { Key } from '../keys/key.ts';
import { type RecipeUse, recipeUses, sameRepo, watches } from '../recipes/recipe-uses.ts';
import { refName } from '../recipes/ref-name.ts';
import type { ParsedRecipe, StoredRecipe } from '../recipes/stored-recipe.ts';
import type { Services } from '../services.ts';
import { beginRun } from '../starting/begin-run.ts';
import { formerNames } from './former-names.ts';
import type { Lane } from './lane.ts';

/** Makes the run of a push. @returns false where the recipe is gone, or asks for it no more */
export async function beginPushRun(
  services: Services,
  lane: Pick<Lane, 'recipe' | 'type' | 'repo' | 'ref'>,
  { sha, once, ancestry }: NonNullable<Lane['active']>,
): Promise<boolean> {
  const stored = await services.recipes.get(lane.recipe);
  if (stored === undefined) return false;
  const { name, etag } = stored;
  const { recipe } = services.recipes.parseStored(stored);
  const { type, repo, ref } = lane;
  const uses = await usesOf(services, recipe, lane);
  if (!uses.some((use) => watches(recipe, use, ref))) return false;
  if (ancestry.some((ancestor) => ancestor.recipe === name)) {
    await services.recipes.notes.add(name, {
      code: 'trigger/cycle',
      message: `the push ${sha.slice(0, 12)} to ${repo} came of this recipe's own result (${ancestry.map((each) => each.repo).join(' -> ')}): it starts no run`,
      hint: 'name the model by a commit, or publish elsewhere',
      at: new Date(services.now()).toISOString(),
      repo,
    });
    return false;
  }
  const fromPullRequest = refName(ref).kind === 'pull-request';
  const key = await keyOf(services, stored);
  await beginRun(services, {
    recipe: atPush(recipe, { uses, ref, sha }),
    once,
    key,
    options: fromPullRequest ? { publish: false } : {},
    origin: {
      trigger: 'webhook',
      ...(key === undefined ? {} : { key: key.id }),
      recipe: { name, etag },
      cause: { type, repo, ref, sha },
      ancestry,
    },
    // Whoever opened the pull request is told what it would come to.
    ...(fromPullRequest ? { discussion: { type, repo, number: Number(ref.slice('refs/pr/'.length)) } } : {}),
  });
  return true;
}

/** Whether the recipe of a lane still stands and watches its ref. */
export async function stillWatches(
  services: Services,
  lane: Pick<Lane, 'recipe' | 'type' | 'repo' | 'ref'>,
): Promise<boolean> {
  const stored = await services.recipes.get(lane.recipe);
  if (stored === undefined) return false;
  const parsed = services.recipes.tryParse(stored);
  // What cannot be read any more is told when its run is to be made.
  if (parsed === undefined) return true;
  const { recipe } = parsed;
  return (await usesOf(services, recipe, lane)).some((use) => watches(recipe, use, lane.ref));
}

/** The uses of a repository in a recipe, which may call it by a former name. */
export async function usesOf(
  { store }: Services,
  recipe: Recipe,
  { type, repo }: { type: 'model' | 'dataset'; repo: string },
): Promise<RecipeUse[]> {
  const names = [repo, ...(await formerNames(store, type, repo))];
  return recipeUses(recipe).filter((use) => use.type === type && names.some((name) => sameRepo(name, use.repo)));
}

/**
 * The key whose namespaces and limits hold for the runs of a stored recipe.
 * @throws UsageError `service/key-revoked`
 */
export async function keyOf(
  { keys }: Services,
  { name, key: id }: StoredRecipe | ParsedRecipe,
): Promise<Key | undefined> {
  if (id === undefined) return undefined;
  const key = await keys.get(id);
  if (key !== undefined && key.revokedAt === undefined) return key;
  throw new UsageError({
    code: 'service/key-revoked',
    message: `the key that stored the recipe "${name}" is revoked`,
    hint: 'store it again with another key',
  });
}

/**
 * The recipe as a push asks for it: a use without a revision takes the commit that was pushed, unless that is `main`, which it
 * takes anyhow, by its newest commit.
 */
function atPush(recipe: Recipe, push: { uses: readonly RecipeUse[]; ref: string; sha: string }): Recipe {
  const { uses, ref, sha } = push;
  if (refName(ref).name === 'main') return recipe;
  const isMeant = (type: RecipeUse['type'], repo: string, revision: string | undefined): boolean =>
    revision === undefined && uses.some((use) => use.type === type && sameRepo(use.repo, repo));
  const model = (entry: ModelEntry): ModelEntry => {
    const { reference } = entry;
    if (reference.kind !== 'hub' || !isMeant('model', reference.repo, reference.revision)) return entry;
    return { ...entry, reference: { ...reference, revision: sha } };
  };
  const file = <T extends DataFile | undefined>(data: T): T => {
    if (data?.kind !== 'hub' || !isMeant('dataset', data.repo, data.revision)) return data;
    return { ...data, revision: sha };
  };
  return {
    ...recipe,
    ...(recipe.base === undefined ? {} : { base: model(recipe.base) }),
    models: recipe.models.map(model),
    ...(recipe.evaluate === undefined
      ? {}
      : {
          evaluate: {
            ...recipe.evaluate,
            datasets: recipe.evaluate.datasets.map((each) => ({ ...each, dev: file(each.dev), test: file(each.test) })),
          },
        }),
  };
}
