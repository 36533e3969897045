import { basename, extname } from 'node:path';
import { eventJobRecipe, startEventJob } from '@hubfuse/cloud';
import { createWebhook, deleteWebhook, type HubOptions, type HubWebhook, listWebhooks } from '@hubfuse/hub';
import { type ObjectStore, type Registry, UsageError } from '@hubfuse/plugin';
import { makePlan } from '@hubfuse/runs';
import { type ParsedRecipe, recipeRepos, StoredRecipes } from '@hubfuse/service';
import type { CommandContext } from './command.ts';
import { readRecipeFile } from './read-recipe-file.ts';

/** A webhook of the Hub that starts a job for one stored recipe. */
export interface JobWebhook extends HubWebhook {
  /** Name of the stored recipe. */
  recipe: string;
  /** Store that holds it. */
  store: string;
}

interface Parts {
  store: ObjectStore;
  registry: Registry;
  hub: HubOptions;
}

/**
 * Registers a webhook that starts a job for a recipe with every push to what it names, with no server in between. A file is
 * stored first; the job proves itself once before the webhook is registered. An earlier webhook of the same recipe and store
 * goes when the new one stands.
 */
export async function addJobWebhook(
  parts: Parts,
  given: { recipe: string; directory: string; signal: AbortSignal },
): Promise<{ webhook: JobWebhook; flavor: string; replaced: readonly string[] }> {
  const { store, registry, hub } = parts;
  const { name, recipe } = await storedRecipe(parts, given);
  const plan = await makePlan({
    spec: { recipe, options: { hubUrl: hub.hubUrl } },
    ...{ hub, registry },
    elsewhere: true,
  });
  const { id, flavor } = await startEventJob({ recipe: name, plan, store, hub, signal: given.signal });
  const earlier = (await listJobWebhooks(hub)).filter((one) => one.recipe === name && one.store === store.url);
  const watched = recipeRepos(recipe).map(({ type, repo }) => ({ type, name: repo }));
  // Comments start no job: each would cost a machine, whoever writes it.
  const webhook = await createWebhook({ jobId: id, watched, domains: ['repo'], options: hub });
  const replaced = earlier.map((one) => one.id);
  for (const one of replaced) await deleteWebhook({ id: one, options: hub });
  return { webhook: { ...webhook, recipe: name, store: store.url }, flavor, replaced };
}

/** The webhooks of the account that start a job of hubfuse. */
export async function listJobWebhooks(hub: HubOptions): Promise<JobWebhook[]> {
  return (await listWebhooks(hub)).flatMap((webhook) => {
    const meant = webhook.job && eventJobRecipe(webhook.job.command);
    return meant === undefined ? [] : [{ ...webhook, ...meant }];
  });
}

/** @throws UsageError `usage/unknown-webhook` for one that starts no job of hubfuse */
export async function removeJobWebhook(hub: HubOptions, id: string): Promise<void> {
  const known = (await listJobWebhooks(hub)).some((webhook) => webhook.id === id);
  if (known && (await deleteWebhook({ id, options: hub }))) return;
  throw new UsageError({
    code: 'usage/unknown-webhook',
    message: `no webhook "${id}" of this account starts a job of hubfuse`,
    hint: '`hubfuse webhooks list` names them; with --server those of a server',
  });
}

/** Store, registry and Hub of a command that asks no server. */
export async function openJobParts(
  context: Pick<CommandContext, 'environment' | 'configuration' | 'signal' | 'registry'> & {
    options: { store?: string | undefined; hub?: string | undefined; token?: string | undefined };
  },
): Promise<Parts> {
  const { environment, configuration, options } = context;
  const { hubOptions } = await import('./hub-options.ts');
  const { openStore } = await import('@hubfuse/objects');
  const registry = await context.registry();
  const location = options.store ?? environment.store ?? configuration.store;
  if (location === undefined) {
    throw new UsageError({
      code: 'usage/no-store',
      message: 'no store is named, and a job keeps nothing itself',
      hint: 'add --store s3://bucket/prefix or set HUBFUSE_STORE; a Storage Bucket of the Hub does',
    });
  }
  return { store: await openStore(location, registry), registry, hub: await hubOptions(context) };
}

/** The recipe that is meant: a file, which is stored under its name, or one that is stored. */
async function storedRecipe(
  { store, registry, hub }: Parts,
  { recipe, directory }: { recipe: string; directory: string },
): Promise<ParsedRecipe> {
  const recipes = new StoredRecipes({ store, registry, hubUrl: hub.hubUrl });
  if (!/\.(?:ya?ml|json)$/i.test(recipe)) return recipes.parseStored(await recipes.require(recipe));
  const text = await readRecipeFile(directory, recipe);
  const name = basename(recipe, extname(recipe)).toLowerCase();
  const there = await recipes.get(name);
  // What is unchanged keeps its etag, and the notes on it.
  if (there?.text === text) return recipes.parseStored(there);
  return recipes.parseStored((await recipes.put({ name, text })).recipe);
}
