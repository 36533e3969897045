import { type Registry, UsageError } from '@hubfuse/plugin';
import { isAddress, parseRecipe, type Recipe } from '@hubfuse/recipe';
import { givenRecipeOptions, type ModelArguments, recipeFromArguments } from './model-arguments.ts';
import { readRecipeFile } from './read-recipe-file.ts';

/**
 * The recipe of a command line: of the one file that it names, or of the models that it lists with their options.
 * @throws UsageError where it is neither; RecipeError where the recipe cannot be meant.
 */
export async function readRecipe(given: {
  positionals: readonly string[];
  options: ModelArguments;
  directory: string;
  /** Address of the Hub, whose pages are references of models too. */
  hub: string | undefined;
  registry: Registry;
}): Promise<Recipe> {
  const { positionals, options, directory, hub, registry } = given;
  const file = positionals.find((positional) => /\.(ya?ml|json)$/i.test(positional) && !isAddress(positional, hub));
  const single = positionals.length === 1 && options.method === undefined;
  if (file === undefined && !single) {
    return parseRecipe(recipeFromArguments(positionals, options), {
      file: 'command line',
      generated: true,
      registry,
      hub,
      base: 'later',
    });
  }
  const [first = ''] = positionals;
  const [option] = givenRecipeOptions(options);
  if (positionals.length > 1 || option !== undefined) {
    throw new UsageError({
      code: 'usage/recipe-and-models',
      message: `the recipe ${file ?? first} cannot be combined with ${option === undefined ? 'models' : `--${option}`}`,
      hint: 'write it into the recipe, or name models and --method without a recipe',
    });
  }
  return parseRecipe(await readRecipeFile(directory, first), { file: first, registry, hub, base: 'later' });
}
