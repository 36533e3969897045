import type {
  MergeMethod,
  MethodOptions,
  Parameter,
  ParameterValue,
  ParameterValues,
  TensorParameters,
} from '@hubfuse/plugin';
import { choicesOf, missingChoice } from './choices.ts';
import type { MethodSpec } from './method-spec.ts';
import { parameterOf } from './method-spec.ts';
import type { ModelEntry, Recipe } from './recipe.ts';
import { parameterValue, type Settings } from './setting.ts';
import { TensorProblems } from './tensor-problems.ts';
import { cancels } from './weights.ts';

/** A tensor of the output, as far as parameters depend on it. */
export interface TensorPlace {
  /** Name in the output: what filters of values for the whole merge see. */
  name: string;
  /** Number of its layer, for messages; absent outside the stack. */
  layer?: number | undefined;
  /** Place on a gradient, from `layerDepth`. */
  depth: number;
  /** The models that have it, in the order of the recipe. */
  models: readonly TensorOwner[];
}

export interface TensorOwner {
  /** Index in `recipe.models`. */
  index: number;
  /** Name in that model: what filters of values per model see. */
  name: string;
}

type ParsedRecipe = Pick<Recipe, 'models' | 'parameters' | 'source'>;

/**
 * The values that hold for each tensor: the model's own settings before the top level before the method's default, each
 * level falling through where no filter matches.
 *
 * @returns One entry per tensor, in order; its `models` follow the tensor's.
 * @throws RecipeError with every parameter that has no value or one out of range somewhere, and weights that cancel:
 * `recipe/parameter-missing`, `recipe/out-of-range`, `recipe/weights-cancel`, each naming the first tensor and the count.
 */
export function resolveParameters(options: {
  recipe: ParsedRecipe;
  method: Pick<MergeMethod, keyof MethodSpec>;
  tensors: readonly TensorPlace[];
}): TensorParameters[] {
  const { recipe, method, tensors } = options;
  const problems = new TensorProblems(recipe);
  const resolver = new Resolver(recipe, method, problems);
  const resolved = tensors.map((tensor) => resolver.resolve(tensor));
  problems.throwIfAny();
  return resolved;
}

/**
 * The values that are the same for all tensors: what a method's program is made from. Parameters that may differ
 * between tensors are not among them.
 */
export function methodOptions(options: {
  recipe: ParsedRecipe;
  method: Pick<MergeMethod, keyof MethodSpec>;
}): MethodOptions {
  const { recipe, method } = options;
  const problems = new TensorProblems(recipe);
  const resolver = new Resolver(recipe, method, problems);
  const scope = resolver.scope;
  const isFixed = (parameter: Parameter) =>
    parameter.perTensor === 'never' || (parameter.perTensor === 'tensor' && scope !== 'tensor');
  const everywhere: TensorPlace = {
    name: '',
    depth: 0,
    models: recipe.models.map((_, index) => ({ index, name: '' })),
  };
  const { global, models } = resolver.resolve(everywhere, isFixed);
  problems.throwIfAny();
  return { models: recipe.models.length, parameters: global, modelParameters: models };
}

class Resolver {
  readonly scope: string | undefined;
  readonly #recipe: ParsedRecipe;
  readonly #method: MethodSpec;
  readonly #problems: TensorProblems;
  /** Parameters that exist with the recipe's choices. */
  readonly #parameters: readonly (readonly [string, Parameter])[];

  constructor(recipe: ParsedRecipe, method: MethodSpec, problems: TensorProblems) {
    this.#recipe = recipe;
    this.#method = method;
    this.#problems = problems;
    const choices = choicesOf(recipe.parameters, method);
    this.scope = choices.scope;
    this.#parameters = Object.entries(method.parameters).filter(
      ([, parameter]) => missingChoice(parameter, choices) === undefined,
    );
  }

  resolve(tensor: TensorPlace, include: (parameter: Parameter) => boolean = () => true): TensorParameters {
    const wanted = this.#parameters.filter(([, parameter]) => include(parameter));
    const global: Record<string, ParameterValue> = {};
    for (const [name, parameter] of wanted) {
      if (parameter.level !== 'global') continue;
      const value = this.#globalValue(name, parameter, tensor);
      if (value !== undefined) global[name] = value;
    }
    const models = tensor.models.map((owner) => {
      const values: Record<string, ParameterValue> = {};
      for (const [name, parameter] of wanted) {
        if (parameter.level !== 'model') continue;
        const value = this.#modelValue(name, parameter, { tensor, owner });
        if (value !== undefined) values[name] = value;
      }
      return values;
    });
    for (const [name, parameter] of wanted) this.#checkSum({ name, parameter, tensor, global, models });
    return { global, models };
  }

  #globalValue(name: string, parameter: Parameter, tensor: TensorPlace): ParameterValue | undefined {
    const levels = [this.#recipe.parameters];
    const value = firstValue(levels, { name, tensorName: tensor.name, depth: tensor.depth });
    return this.#checked(value ?? parameter.default, { name, parameter, tensor, path: `parameters.${name}` });
  }

  #modelValue(
    name: string,
    parameter: Parameter,
    { tensor, owner }: { tensor: TensorPlace; owner: TensorOwner },
  ): ParameterValue | undefined {
    const model = this.#recipe.models[owner.index];
    if (model === undefined) return undefined;
    // Slices and modules of mergekit's dialect stand between these two levels.
    const levels = [model.parameters, this.#recipe.parameters];
    const value = firstValue(levels, { name, tensorName: owner.name, depth: tensor.depth });
    const fallback = this.#mayDefault(name, parameter) ? parameter.default : undefined;
    const found = value ?? fallback;
    const isOfAll = !Object.hasOwn(model.parameters, name) && Object.hasOwn(this.#recipe.parameters, name);
    const where = isOfAll && found !== undefined ? `parameters.${name}` : `${model.entry}.parameters.${name}`;
    return this.#checked(found, { name, parameter, tensor, path: where, model });
  }

  /** A default that holds for all models or none does not fill the gaps of filters. */
  #mayDefault(name: string, parameter: Parameter): boolean {
    if (parameter.type !== 'number' || parameter.allOrNone !== true) return true;
    const levels = [this.#recipe.parameters, ...this.#recipe.models.map((model) => model.parameters)];
    return !levels.some((settings) => Object.hasOwn(settings, name));
  }

  #checked(
    value: ParameterValue | undefined,
    given: { name: string; parameter: Parameter; tensor: TensorPlace; path: string; model?: ModelEntry },
  ): ParameterValue | undefined {
    const { name, parameter, tensor, path, model } = given;
    if (value === undefined) {
      this.#problems.missing({ name, path, tensor, model });
      return undefined;
    }
    if (parameter.type !== 'number') return value;
    // The method computes this one from its other parameters.
    if (value === 'form') return undefined;
    if (typeof value === 'number') this.#problems.checkRange({ name, path, tensor, model, parameter, value });
    return value;
  }

  #checkSum(given: {
    name: string;
    parameter: Parameter;
    tensor: TensorPlace;
    global: ParameterValues;
    models: readonly ParameterValues[];
  }): void {
    const { name, parameter, tensor, global, models } = given;
    if (parameter.type !== 'number' || models.length === 0) return;
    const divisor = parameter.nonZeroSumWith;
    const divided =
      divisor === undefined
        ? parameter.nonZeroSum === true
        : (global[divisor] ?? parameterOf(this.#method, divisor)?.default) === true;
    if (!divided) return;
    const values = models.map((model) => model[name]);
    if (!values.every((value) => typeof value === 'number') || !cancels(values)) return;
    this.#problems.cancelling({ name, tensor, values, divisor });
  }
}

/** The value of the first level that has one for the tensor. */
function firstValue(
  levels: readonly Settings[],
  at: { name: string; tensorName: string; depth: number },
): ParameterValue | undefined {
  for (const settings of levels) {
    const setting = Object.hasOwn(settings, at.name) ? settings[at.name] : undefined;
    const value = setting && parameterValue({ setting, tensorName: at.tensorName, depth: at.depth });
    if (value !== undefined) return value;
  }
  return undefined;
}
