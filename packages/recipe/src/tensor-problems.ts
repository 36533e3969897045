import type { NumberParameter, RecipeError } from '@hubfuse/plugin';
import type { FindingDetails } from './findings.ts';
import { rangeProblem } from './parameter-range.ts';
import type { ModelEntry, Recipe } from './recipe.ts';
import { recipeError } from './recipe-error.ts';
import type { TensorPlace } from './resolve-parameters.ts';

interface Problem {
  path: string;
  at?: string | undefined;
  first: TensorPlace;
  count: number;
  /** The details, once it is known how many tensors there are. */
  details: (where: string) => FindingDetails;
}

/** What is wrong with values of single tensors: each kind once, with the first tensor and the number of tensors. */
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

  cancelling(given: { name: string; tensor: TensorPlace; values: readonly number[]; divisor: string }): void {
    const { name, tensor, values, divisor } = given;
    const at = this.#recipe.models[tensor.models[0]?.index ?? 0]?.entry;
    this.#add({ path: `models[*].parameters.${name}`, tensor, at }, (where) => ({
      code: 'recipe/weights-cancel',
      message: `the ${name}s ${values.join(', ')} sum to 0 for ${where}, and normalising divides by their sum`,
      hint: `set ${divisor}: false for a plain sum, or choose other ${name}s`,
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
    if (known !== undefined) known.count++;
    else this.#problems.set(key, { path, at, first: tensor, count: 1, details });
  }

  #error({ path, at, first, count, details }: Problem, others: readonly RecipeError[]): RecipeError {
    const layer = first.layer === undefined ? '' : ` (layer ${first.layer})`;
    const tensors =
      count === 1 ? `the tensor ${first.name}${layer}` : `${count} tensors, the first ${first.name}${layer}`;
    return recipeError({ recipe: this.#recipe, path, at, ...details(tensors), others });
  }
}
