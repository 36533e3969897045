import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StatisticRequest } from '@hubfuse/plugin';

/** One entry of a `cases.json`: parameters in the words of its part, statistics of the result, tolerances. */
export interface Case {
  what?: string;
  variant?: string;
  outlier_clamp?: number;
  ratio?: number;
  lambda?: number;
  lambdas?: number[];
  keep_percent?: number;
  merge?: string;
  elect?: string;
  coefficients?: number[] | null;
  alpha?: number;
  diagonal_only?: boolean;
  exclude?: string[];
  nonzero: number;
  sum: number;
  l1: number;
  l2: number;
  max_abs: number;
  tolerance: { float64: number /** None where only float64 will do. */; float32: number | null };
  probe: string;
  /** A full model, in float32. */
  model?: string;
}

/** What a case asks for, in the words of a recipe. */
export interface CaseRecipe {
  method: string;
  parameters: Record<string, unknown>;
  /** One entry per model. */
  modelParameters: Record<string, unknown>[];
  /** Files of the part that hold each model's statistics, where the method reads some. */
  statistics?: { files: readonly string[]; request: StatisticRequest };
  /** Whether the arithmetic is float64 throughout, so that only the stored result is rounded. */
  float64?: boolean;
  /** Whether the numbers are those of the merged task vector (the base is to be added) or of the whole weights. */
  result: 'task vector' | 'weights';
}

export type Part = 'averaging' | 'ties' | 'pcb' | 'regmean';
export const PARTS: readonly Part[] = ['averaging', 'ties', 'pcb', 'regmean'];

const FORMS: Readonly<Record<string, string>> = {
  A: 'reference',
  B: 'vision-search',
  C: 'vision',
  D: 'language',
  paper: 'paper',
};

/** The cases of a part, or undefined where the part is absent. */
export async function readCases(folder: string, part: Part): Promise<Record<string, Case> | undefined> {
  const path = join(folder, part, 'cases.json');
  if (!existsSync(path)) return undefined;
  const content = JSON.parse(await readFile(path, 'utf8')) as Record<string, Case> | { cases: Record<string, Case> };
  return 'cases' in content ? (content.cases as Record<string, Case>) : content;
}

/**
 * A case as a recipe for `count` models, or the name of what it asks for and hubfuse does not do.
 * @param names all tensor names: a case excludes by regular expression, a recipe by parts of names
 */
export function caseRecipe(options: {
  part: Part;
  parameters: Case;
  count: number;
  names: readonly string[];
}): CaseRecipe | { pending: string } {
  const { part, parameters, count, names } = options;
  const exclude = translateExclude(parameters.exclude ?? [], names);
  const perModel = (name: string, values: readonly number[] | undefined) =>
    Array.from({ length: count }, (_, i) => (values === undefined ? {} : { [name]: values[i] }));
  switch (part) {
    case 'averaging': {
      if (exclude.length > 0) return { pending: 'exclude' };
      return averaging(parameters, perModel);
    }
    case 'ties': {
      if (parameters.elect !== undefined && parameters.elect !== 'mass') {
        return { pending: `elect: ${parameters.elect}` };
      }
      if (exclude.length > 0) return { pending: 'exclude' };
      return {
        method: 'ties',
        parameters: {
          scope: 'model',
          density: keptShare(parameters.keep_percent ?? 1),
          merge: parameters.merge,
          lambda: parameters.lambda ?? 1,
        },
        modelParameters: perModel('lambda', undefined),
        result: 'task vector',
      };
    }
    case 'regmean':
      return {
        method: 'regmean',
        parameters: {
          alpha: parameters.diagonal_only === true ? 0 : parameters.alpha,
          padding: 'include',
          ...(exclude.length === 0 ? {} : { exclude }),
        },
        modelParameters: perModel('weight', parameters.coefficients ?? undefined),
        statistics: {
          files: Array.from({ length: count }, (_, i) => `regmean/grams-task-${i + 1}.safetensors`),
          request: { kind: 'gram', variant: 'include' },
        },
        float64: true,
        result: 'weights',
      };
    case 'pcb':
      return {
        method: 'pcb',
        parameters: {
          form: FORMS[parameters.variant ?? ''] ?? parameters.variant,
          ratio: parameters.ratio,
          ...(parameters.outlier_clamp === undefined ? {} : { clamp: parameters.outlier_clamp }),
          ...(exclude.length === 0 ? {} : { exclude }),
        },
        modelParameters: perModel('lambda', parameters.lambdas),
        result: 'task vector',
      };
  }
}

/** The authors' code takes numbers above one as percent, and one as all. */
function keptShare(kept: number): number {
  return kept > 1 ? kept / 100 : kept;
}

/** Averaging names its coefficients in words where the entry has no key for them. */
function averaging(
  parameters: Case,
  perModel: (name: string, values: readonly number[] | undefined) => Record<string, unknown>[],
): CaseRecipe | { pending: string } {
  const what = parameters.what ?? '';
  const lambda =
    parameters.lambda ?? Number(/^base \+ ([\d.eE+-]+) \* sum of task vectors/.exec(what)?.[1] ?? Number.NaN);
  if (Number.isFinite(lambda)) {
    return {
      method: 'task_arithmetic',
      parameters: { lambda },
      modelParameters: perModel('', undefined),
      result: 'weights',
    };
  }
  const listed = /coefficients (\[[^\]]*\])/.exec(what)?.[1];
  const coefficients = parameters.coefficients ?? (listed === undefined ? undefined : (JSON.parse(listed) as number[]));
  if (coefficients === undefined && !what.startsWith('mean of')) return { pending: what };
  return {
    method: 'linear',
    parameters: { normalize: coefficients === undefined },
    modelParameters: perModel('weight', coefficients),
    result: 'weights',
  };
}

/** What excludes the names that the expressions match, and no others. */
export function translateExclude(expressions: readonly string[], names: readonly string[]): string[] {
  const patterns = expressions.map((expression) => new RegExp(`^(?:${expression})`));
  const excluded = names.filter((name) => patterns.some((pattern) => pattern.test(name)));
  const beginning = names.filter((name) => excluded.some((part) => name.startsWith(part)));
  if (beginning.length !== excluded.length) throw new Error(`no beginnings exclude exactly ${excluded.join(', ')}`);
  return excluded.map((name) => `^${name}`);
}

/** A recipe as the text that a user would write. JSON is YAML. */
export function recipeText(options: { base: string; models: readonly string[]; recipe: CaseRecipe }): string {
  const { base, models, recipe } = options;
  return JSON.stringify({
    merge_method: recipe.method,
    ...(recipe.method === 'linear' || recipe.method === 'regmean' ? {} : { base_model: base }),
    models: models.map((model, i) => ({ model, parameters: recipe.modelParameters[i] ?? {} })),
    parameters: recipe.parameters,
    out_dtype: 'float32',
  });
}
