import { checkSearchData } from './check-search-data.ts';
import type { Field } from './fields.ts';
import type { MethodSpec } from './method-spec.ts';
import { readEvolve } from './read-evolve.ts';
import { readSearch, type SearchContext } from './read-search.ts';
import type { Recipe } from './recipe.ts';

interface SearchesContext extends Omit<SearchContext, 'method'> {
  method: MethodSpec | undefined;
  evaluate: Recipe['evaluate'];
}

/** The blocks `evolve:` and `search:`, of which a recipe has at most one. */
export function readSearches(root: Field, context: SearchesContext): Pick<Recipe, 'evolve' | 'search'> {
  const { method, evaluate } = context;
  const [evolveField, searchField] = [root.get('evolve'), root.get('search')];
  if (searchField !== undefined && (evolveField !== undefined || method?.evolves === true)) {
    const other = evolveField === undefined ? `merge_method: ${method?.name}` : '`evolve`';
    searchField.report({
      code: 'recipe/contradiction',
      message: `a recipe has \`search\` or ${other}, not both`,
      hint: 'search the coefficients first, put those found under `parameters`, then evolve the models',
    });
  }
  const field = evolveField ?? searchField ?? (method?.evolves === true ? root.get('merge_method') : undefined);
  if (field === undefined) return {};
  if (method?.result === 'tasks') {
    field.report({
      code: 'recipe/search-method',
      message: `${method.name} yields a model for each task, and a search needs one model to score`,
      hint: 'choose a method that yields one model',
    });
  }
  checkSearchData({ field, evaluate, hasEvaluate: root.get('evaluate') !== undefined });
  if (field !== searchField) return { evolve: readEvolve(field, context) };
  return { search: method && readSearch(field, { ...context, method }) };
}
