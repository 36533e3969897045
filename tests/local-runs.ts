import { join } from 'node:path';
import type { HubOptions } from '@hubfuse/hub';
import { startHubServer } from '@hubfuse/hub-server';
import { openStore, registerStores } from '@hubfuse/objects';
import { parseRecipe } from '@hubfuse/recipe';
import { createRun, executeRun, makePlan, type RunPlan, type RunReport } from '@hubfuse/runs';
import { builtIns } from './merge-recipe.ts';

export interface RecipeText {
  text: string;
  /** What messages call it. */
  file: string;
}

/** Runs of recipes over local folders, with a Hub that has nothing. */
export interface LocalRuns {
  /** Reads headers and decides every tensor's fate. @throws HubfuseError where the recipe or a model is refused */
  plan(recipe: RecipeText): Promise<RunPlan>;
  /** Executes a recipe to its end; the model appears in `out`. */
  execute(recipe: RecipeText & { out: string }): Promise<RunReport>;
  close(): Promise<void>;
}

/** @param folder for everything that the runs write beside their models */
export async function startLocalRuns(folder: string): Promise<LocalRuns> {
  const server = await startHubServer({ folder: join(folder, 'hub') });
  const registry = await builtIns();
  await registerStores(registry);
  const store = await openStore(join(folder, 'store'), registry);
  const hub: HubOptions = { hubUrl: server.url, cacheDir: join(folder, 'cache') };
  const read = ({ text, file }: RecipeText) => parseRecipe(text, { file, registry, hub: server.url, base: 'later' });
  return {
    async plan(recipe) {
      return await makePlan({ spec: { recipe: read(recipe), options: { hubUrl: server.url } }, hub, registry });
    },
    async execute({ out, ...recipe }) {
      const { id } = await createRun({ store, recipe: read(recipe), options: { hubUrl: server.url, out } });
      return await executeRun({ store, runId: id, registry, hub, workspace: join(folder, 'work'), workers: 1 });
    },
    close: () => server.close(),
  };
}
