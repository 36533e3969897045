import { type MergeMethod, RecipeError } from '@hubfuse/plugin';
import type { ModelEntry, Recipe } from './recipe.ts';
import type { SearchedParameter } from './search-section.ts';
import { startOf } from './search-start.ts';
import type { PlainSetting, Setting, Settings } from './setting.ts';

/** One coefficient that a search varies: a box with the place where it starts. */
export interface SearchDimension {
  /** For people: `lambda, intents-money`, `weight, intents-home, attention, depth 0.5`. */
  name: string;
  minimum: number;
  maximum: number;
  start: number;
}

type SearchingRecipe = Pick<Recipe, 'models' | 'parameters' | 'search'>;

/** The coefficients of a recipe's `search:` block, in the order that `recipeAt` takes their values in. */
export function searchSpace(options: {
  recipe: SearchingRecipe;
  method: Pick<MergeMethod, 'name' | 'parameters'>;
}): SearchDimension[] {
  const { recipe, method } = options;
  return (recipe.search?.over ?? []).flatMap((searched) => {
    const { minimum, maximum } = { minimum: searched.range[0], maximum: searched.range[1] };
    const starts = startsOf(searched, recipe, method);
    return ownersOf(searched, recipe).flatMap((owner, index) =>
      partsOf(searched).flatMap((part) =>
        depthsOf(searched).map((depth) => ({
          name: [searched.parameter, ...owner, ...part, ...depth].join(', '),
          minimum,
          maximum,
          start: starts[index] ?? Number.NaN,
        })),
      ),
    );
  });
}

/** The recipe with the coefficients of one point of the search space in the place of its own, and nothing to search. */
export function recipeAt<R extends SearchingRecipe>(options: { recipe: R; point: readonly number[] }): R {
  const { search, ...rest } = options.recipe;
  const values = options.point[Symbol.iterator]();
  const take = (): number => {
    const next = values.next();
    if (next.done === true) throw wrongLength(options.point.length);
    return next.value;
  };
  let models: readonly ModelEntry[] = rest.models;
  let parameters: Settings = rest.parameters;
  for (const searched of search?.over ?? []) {
    const name = searched.parameter;
    if (searched.per === 'merge') {
      const setting = settingAt(searched, take);
      parameters = { ...parameters, [name]: setting };
      models = models.map((model) => ({ ...model, parameters: without(model.parameters, name) }));
    } else {
      models = models.map((model) => ({
        ...model,
        parameters: { ...model.parameters, [name]: settingAt(searched, take) },
      }));
    }
  }
  if (values.next().done !== true) throw wrongLength(options.point.length);
  return { ...rest, models, parameters } as unknown as R;
}

function settingAt(searched: SearchedParameter, take: () => number): Setting {
  const plain = (): PlainSetting =>
    searched.layers === 1
      ? { kind: 'constant', value: take() }
      : { kind: 'gradient', values: Array.from({ length: searched.layers }, take) };
  if (searched.filters.length === 0) return plain();
  const entries = searched.filters.map((filter) => ({ filter, value: plain() }));
  return { kind: 'filters', entries: [...entries, { value: plain() }] };
}

function ownersOf(searched: SearchedParameter, { models }: SearchingRecipe): string[][] {
  return searched.per === 'merge' ? [[]] : models.map(({ text }) => [lastPart(text)]);
}

function partsOf({ filters }: SearchedParameter): string[][] {
  return filters.length === 0 ? [[]] : [...filters.map((filter) => [filter]), ['other tensors']];
}

function depthsOf({ layers }: SearchedParameter): string[][] {
  if (layers === 1) return [[]];
  return Array.from({ length: layers }, (_, index) => [`depth ${Number((index / (layers - 1)).toFixed(2))}`]);
}

/** One value for each owner; where models with different values share one, their mean. */
function startsOf(
  searched: SearchedParameter,
  { models, parameters }: SearchingRecipe,
  method: Pick<MergeMethod, 'name' | 'parameters'>,
): readonly number[] {
  const parameter = method.parameters[searched.parameter];
  const start =
    parameter?.type === 'number'
      ? startOf({ name: searched.parameter, parameter, models, parameters })
      : { problem: { message: `${method.name} has no number "${searched.parameter}"`, hint: 'search another one' } };
  if ('problem' in start) {
    throw new RecipeError({ code: 'recipe/search-start', where: searched.path, ...start.problem });
  }
  const { values } = start;
  if (searched.per === 'model' || values.length === 1) return values;
  return [values.reduce((sum, value) => sum + value, 0) / values.length];
}

function without(settings: Settings, name: string): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => key !== name));
}

function lastPart(text: string): string {
  return text.split(/[\\/]/).filter(Boolean).at(-1) ?? text;
}

function wrongLength(length: number): RecipeError {
  return new RecipeError({
    code: 'recipe/search-point',
    where: 'search.over',
    message: `a point of ${length} coefficients does not fit the search space of the recipe`,
    hint: 'it was found for another recipe',
  });
}
