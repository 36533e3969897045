import type { DataFile, Recipe, StatisticsFile } from '@hubfuse/recipe';
import { ApiError } from '../http/api-error.ts';
import { pointerOf } from '../http/pointer.ts';

/** A repository that a recipe reads. */
export interface RecipeRepo {
  type: 'model' | 'dataset';
  /** `namespace/name`; models of the Hub's first days have no namespace. */
  repo: string;
  /** Where the recipe names it. */
  path: string;
}

/**
 * Every repository that a recipe reads, each once.
 * @throws ApiError 422 `recipe/local` where it names a folder or file of a machine: over HTTP that would be the server's.
 */
export function recipeRepos(recipe: Recipe): RecipeRepo[] {
  const found = new Map<string, RecipeRepo>();
  const add = (one: RecipeRepo) => {
    const name = `${one.type}:${one.repo}`;
    if (!found.has(name)) found.set(name, one);
  };
  const addFile = (file: DataFile | StatisticsFile | undefined, path: string) => {
    if (file === undefined) return;
    if (file.kind === 'local') throw local(file.path, path);
    add({ type: 'type' in file ? file.type : 'dataset', repo: file.repo, path });
  };
  for (const entry of [...(recipe.base === undefined ? [] : [recipe.base]), ...recipe.models]) {
    const { reference, path } = entry;
    if (reference.kind === 'folder') throw local(entry.text, path);
    add({ type: 'model', repo: reference.repo, path });
    addFile(entry.calibration?.data, entry.calibration?.path ?? path);
    addFile(entry.statistics, entry.statistics?.place ?? path);
  }
  for (const dataset of recipe.evaluate?.datasets ?? []) {
    const { from, path } = dataset;
    if (from?.kind === 'folder') throw local(from.path, `${path}.from`);
    if (from?.kind === 'hub') add({ type: 'dataset', repo: from.repo, path: `${path}.from` });
    for (const split of ['dev', 'test', 'calib'] as const) addFile(dataset[split], `${path}.${split}`);
  }
  return [...found.values()];
}

function local(name: string, path: string): ApiError {
  return new ApiError({
    status: 422,
    code: 'recipe/local',
    message: `"${name}" is a path of a machine; over HTTP a recipe names repositories of the Hub only`,
    pointer: pointerOf(path),
    hint: 'upload it to the Hub and name it there, or merge with the command line',
  });
}

/** The namespace of a repository; empty for the models of the Hub's first days, which are public. */
export function namespaceOf(repo: string): string {
  const slash = repo.indexOf('/');
  return slash === -1 ? '' : repo.slice(0, slash);
}
