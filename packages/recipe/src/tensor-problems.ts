import type { NumberParameter, RecipeError } from '@hubfuse/plugin';
import type { FindingDetails } from './findings.ts';
import { rangeProblem } from './parameter-range.ts';
import type { ModelEntry, Recipe } from './recipe.ts';
import { recipeError } from './recipe-error.ts';
import type { TensorPlace } from './resolve-parameters.ts';

interface Problem {
  path: string;
  at?: string | undefined;
  /** The first few tensors, so that a reader sees what they have in common. */
  shown: TensorPlace[];
  count: number;
  /** The details, once it is known how many tensors there are. */
  details: (where: string) => FindingDetails;
}

/** Tensors that a message names. */
const SHOWN = 3;

/** What is wrong with values of single tensors: each kind once, with the first tensors and their number. */
export class TensorProblems {
  readonly #recipe: Pick<Recipe, 'source' | 'models'>;
  readonly #problems = new Map<string, Problem>();

  constructor(recipe: Pick<Recipe, 'source' | 'models'>) {
    this.#recipe = recipe;
  }

  missing(given: { name: string; path: string; tensor: TensorPlace; model: ModelEntry | undefined }): void {
    const { name, path, tensor, model } = given;
    this.#add({ path, tensor }, (where) => ({
      code: 'recipe/parameter-missing',
      message: `${model === undefined ? 'the recipe' : `the model ${model.text}`} has no ${name} for ${where}`,
      hint: `add an entry without \`filter\`, or a default for ${name} under the top-level \`parameters\``,
    }));
  }

  checkRange(given: {
    name: string;
    path: string;
    tensor: TensorPlace;
    model: ModelEntry | undefined;
    parameter: NumberParameter;
    value: number;
  }): void {
    const { name, path, tensor, model, parameter, value } = given;
    const problem = rangeProblem({ name, parameter, value, shown: String(value) });
    if (problem === undefined) return;
    const owner = model === undefined ? '' : ` of ${model.text}`;
    this.#add({ path, tensor }, (where) => ({ ...problem, message: `${problem.message}${owner} for ${where}` }));
  }

  cancelling(given: {
    name: string;
    tensor: TensorPlace;
    values: readonly number[];
    divisor: string | undefined;
  }): void {
    const { name, tensor, values, divisor } = given;
    const at = this.#recipe.models[tensor.models[0]?.index ?? 0]?.entry;
    this.#add({ path: `models[*].parameters.${name}`, tensor, at }, (where) => ({
      code: 'recipe/weights-cancel',
      message: `the ${name}s ${values.join(', ')} sum to 0 for ${where}, and the mean divides by their sum`,
      hint: `${divisor === undefined ? '' : `set ${divisor}: false for a plain sum, or `}choose other ${name}s`,
    }));
  }

  /** @throws RecipeError with all of them. */
  throwIfAny(): void {
    const errors = [...this.#problems.values()].map((problem) => this.#error(problem, []));
    const [first, ...others] = [...this.#problems.values()];
    if (first !== undefined) throw this.#error(first, others.length === 0 ? [] : errors.slice(1));
  }

  #add(place: { path: string; tensor: TensorPlace; at?: string | undefined }, details: Problem['details']): void {
    const { path, tensor, at } = place;
    const key = `${path} ${details('').code}`;
    const known = this.#problems.get(key);
    if (known === undefined) this.#problems.set(key, { path, at, shown: [tensor], count: 1, details });
    else {
      known.count++;
      if (known.shown.length < SHOWN) known.shown.push(tensor);
    }
  }

  #error({ path, at, shown, count, details }: Problem, others: readonly RecipeError[]): RecipeError {
    const names = shown.map(({ name, layer }) => (layer === undefined ? name : `${name} (layer ${layer})`)).join(', ');
    const more = count > shown.length ? ` and ${count - shown.length} more` : '';
    const tensors = count === 1 ? `the tensor ${names}` : `${count} tensors: ${names}${more}`;
    return recipeError({ recipe: this.#recipe, path, at, ...details(tensors), others });
  }
}
