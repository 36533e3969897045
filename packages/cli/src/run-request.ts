import { resolve } from 'node:path';
import type { HubOptions } from '@hubfuse/hub';
import type { Registry } from '@hubfuse/plugin';
import type { Recipe } from '@hubfuse/recipe';
import type { RunOptions } from '@hubfuse/runs';
import type { CommandContext, Options, Positional } from './command.ts';
import { common } from './common-options.ts';
import { recipeOptions } from './model-arguments.ts';

/** What `merge` and `plan` take: the same command line, so that one can be tried with the other. */
export const runPositionals: readonly Positional[] = [
  { name: 'recipe or models', description: 'one recipe file, or several models', required: true, multiple: true },
];

export const runOptions = {
  out: { type: 'text', short: 'o', value: 'folder', description: 'folder that the merged model becomes' },
  ...recipeOptions,
  hub: common.hub,
  token: common.token,
  workers: common.workers,
  device: common.device,
  memory: common.memory,
  'shard-size': common['shard-size'],
  seed: common.seed,
} as const satisfies Options;

/** A run as the command line asks for it. */
export interface RunRequest {
  registry: Registry;
  hub: HubOptions;
  recipe: Recipe;
  options: RunOptions;
}

/** @throws UsageError, RecipeError, PluginError, HubError */
export async function readRunRequest(context: CommandContext<typeof runOptions>): Promise<RunRequest> {
  const { options, positionals, directory } = context;
  const { hubOptions } = await import('./hub-options.ts');
  const { readRecipe } = await import('./read-recipe.ts');
  const registry = await context.registry();
  const hub = await hubOptions(context);
  return {
    registry,
    hub,
    recipe: await readRecipe({ positionals, options, directory, hub: hub.hubUrl, registry }),
    options: {
      workingDirectory: directory,
      hubUrl: hub.hubUrl,
      out: options.out === undefined ? undefined : resolve(directory, options.out),
      shardSize: options['shard-size'],
      seed: options.seed,
    },
  };
}
