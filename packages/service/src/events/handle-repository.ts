import { describeRepository } from '@hubfuse/hub';
import { HubError } from '@hubfuse/plugin';
import { recipeRepos, sameRepo } from '../recipes/recipe-uses.ts';
import type { RecipeNote } from '../recipes/stored-recipe.ts';
import type { Services } from '../services.ts';
import { formerNames, noteRename } from './former-names.ts';
import { recipesAbout } from './handle-push.ts';
import type { HubPayload } from './hub-payload.ts';

type Finding = Pick<RecipeNote, 'code' | 'message' | 'hint'>;

/** Notes that say how a repository stands; a new one takes the place of the old ones. */
const STANDINGS = ['parent/deleted', 'parent/renamed', 'parent/gated', 'parent/unreadable', 'parent/disabled'];

/** Notes on the recipes that read a repository what happened to it: deleted, renamed, closed, or in order again. */
export async function handleRepository(services: Services, payload: HubPayload): Promise<void> {
  const { type, name } = payload.repo;
  const { action } = payload.event;
  const to = payload.movedTo?.name;
  const affected = await recipesAbout(services, payload.repo);
  if (action === 'move' && to !== undefined) await noteRename(services.store, { type, from: name, to });
  const names = [name, ...(await formerNames(services.store, type, name))];
  const reading = affected.filter(({ recipe }) =>
    recipeRepos(recipe).some((each) => each.type === type && names.some((known) => sameRepo(known, each.repo))),
  );
  if (reading.length === 0) return;
  const finding = action === 'move' && to !== undefined ? renamed(name, to) : await standingOf(services, payload);
  for (const { name: recipe } of reading) {
    const { notes } = services.recipes;
    await notes.clear(recipe, { repo: name, codes: STANDINGS });
    if (finding === undefined) continue;
    await notes.add(recipe, { ...finding, repo: name, at: new Date(services.now()).toISOString() });
  }
}

function renamed(from: string, to: string): Finding {
  return {
    code: 'parent/renamed',
    message: `${from} is called ${to} now`,
    hint: `put ${to} into the recipe; until somebody takes the old name the Hub leads from it to the new one`,
  };
}

/** How a repository stands by the Hub's own word, whatever the order of deliveries; undefined where all is well. */
async function standingOf({ hub }: Services, { repo: { type, name } }: HubPayload): Promise<Finding | undefined> {
  try {
    const { gated } = await describeRepository({ type, repo: name }, hub);
    if (!gated) return undefined;
    return {
      code: 'parent/gated',
      message: `${name} is gated now`,
      hint: "accept its terms with the account of the service's token, or runs fail",
    };
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    return explained(name, error);
  }
}

function explained(name: string, error: HubError): Finding | undefined {
  const hint = 'take another model, or delete the stored recipe';
  switch (error.code) {
    case 'hub/repo-not-found':
      return { code: 'parent/deleted', message: `${name} is gone, or hidden from the account of the service`, hint };
    case 'hub/disabled':
      return { code: 'parent/disabled', message: error.summary, hint };
    case 'hub/private':
    case 'hub/no-token':
    case 'hub/bad-token':
    case 'hub/forbidden':
      return { code: 'parent/unreadable', message: error.summary, hint: error.hint ?? hint };
    // An empty repository was just made.
    case 'hub/no-commit':
    case 'hub/revision-not-found':
      return undefined;
    default:
      throw error;
  }
}
