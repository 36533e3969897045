import type { Registry } from '@hubfuse/plugin';
import { type Recipe, recipeError } from '@hubfuse/recipe';

/**
 * Refuses what cannot be scored or decided, before anything is downloaded: an unknown task or metric, a mean over
 * nothing, a gate that reads figures which this recipe does not give.
 * @throws PluginError, RecipeError `recipe/no-domain`, `recipe/gate-without-data`, `recipe/gate-without-base`.
 */
export function checkScoring(recipe: Recipe, registry: Registry): void {
  const { evaluate, publish } = recipe;
  if (evaluate !== undefined) {
    registry.get('task', evaluate.task);
    if (evaluate.metric !== undefined) registry.get('metric', evaluate.metric);
    if (!evaluate.datasets.some(({ domain }) => domain === 'in')) {
      throw recipeError({
        recipe,
        path: 'evaluate.datasets',
        code: 'recipe/no-domain',
        message: 'every dataset is out of the domain, so there is no mean',
        hint: 'leave `domain: out` away where the merged model is meant for the data',
      });
    }
  }
  if (publish?.gate !== undefined) checkGate(recipe, publish.gate.text, publish.gate.names);
}

function checkGate(recipe: Recipe, condition: string, names: readonly string[]): void {
  const refuse = (code: string, message: string, hint: string): never => {
    throw recipeError({ recipe, path: 'publish.if', code, message: `the condition "${condition}" ${message}`, hint });
  };
  const { evaluate, base } = recipe;
  if (names.length > 0 && evaluate === undefined) {
    refuse('recipe/gate-without-data', 'reads scores and the recipe evaluates nothing', 'add an evaluate block');
  }
  // The mean is over datasets of the domain; one that is named alone has to have development data too.
  const without = evaluate?.datasets.filter(
    ({ name, dev, domain }) => dev === undefined && (domain === 'in' || names.includes(name)),
  );
  if (names.length > 0 && without !== undefined && without.length > 0) {
    const which = without.map(({ name }) => `"${name}"`).join(', ');
    const verb = without.length === 1 ? 'has' : 'have';
    refuse(
      'recipe/gate-without-data',
      `reads development scores, and ${which} ${verb} no dev file`,
      'name a dev file of each dataset in the domain',
    );
  }
  if (names.includes('base') && base === undefined) {
    refuse('recipe/gate-without-base', 'reads the score of the base and the recipe has none', 'add base_model');
  }
}
