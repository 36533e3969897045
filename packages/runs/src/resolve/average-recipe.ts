import type { Recipe } from '@hubfuse/recipe';

/** The plain average of a recipe's models: what the gate calls `average`. */
export function averageRecipe(recipe: Recipe): Recipe {
  const { base: _, ...rest } = recipe;
  return {
    ...rest,
    method: 'linear',
    parameters: {},
    models: recipe.models.map((model) => ({ ...model, parameters: {} })),
  };
}
