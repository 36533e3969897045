import { UsageError } from '@hubfuse/plugin';
import type { Options, OptionValues } from './command.ts';

/** Options that stand for a recipe where models are named on the command line. */
export const recipeOptions = {
  method: { type: 'text', value: 'name', description: 'merge the models that are named, by this method' },
  base: { type: 'text', value: 'model', description: 'with --method: the base model' },
  parameter: {
    type: 'list',
    short: 'p',
    value: 'name=value',
    description: 'with --method: a parameter of the method; may be given several times',
  },
  dtype: {
    type: 'text',
    value: 'dtype',
    choices: ['float32', 'float16', 'bfloat16'],
    default: "the models' own",
    description: 'with --method: precision of the merged file',
  },
  publish: { type: 'text', value: 'ns/name', description: 'with --method: publish to this repository' },
  'pull-request': { type: 'flag', description: 'with --publish: open a pull request instead of committing' },
} as const satisfies Options;

export type ModelArguments = OptionValues<typeof recipeOptions>;

/** Names of the options that were given and that only go with models. */
export function givenRecipeOptions(options: ModelArguments): string[] {
  return Object.keys(recipeOptions).filter((name) => {
    const value = options[name as keyof ModelArguments];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  });
}

/** The recipe that models and options stand for, as JSON text. @throws UsageError */
export function recipeFromArguments(models: readonly string[], options: ModelArguments): string {
  const { method, base, parameter, dtype, publish } = options;
  if (method === undefined) {
    throw new UsageError({
      code: 'usage/no-method',
      message: 'models on the command line need --method',
      hint: 'hubfuse merge <model> <model>... --method pcb --base <model> --out <folder>; `hubfuse methods` lists them',
    });
  }
  const target = { repo: publish, ...(options['pull-request'] ? { as: 'pull_request' } : {}) };
  return JSON.stringify({
    merge_method: method,
    ...(base === undefined ? {} : { base_model: base }),
    models,
    ...(parameter.length === 0 ? {} : { parameters: Object.fromEntries(parameter.map(readParameter)) }),
    ...(dtype === undefined ? {} : { out_dtype: dtype }),
    ...(publish === undefined ? {} : { publish: { hub: target } }),
  });
}

function readParameter(text: string): [string, unknown] {
  const equals = text.indexOf('=');
  if (equals <= 0) {
    throw new UsageError({
      code: 'usage/bad-parameter',
      message: `--parameter must be name=value, not "${text}"`,
      hint: '--parameter ratio=0.2',
    });
  }
  return [text.slice(0, equals), readValue(text.slice(equals + 1))];
}

/** Numbers, booleans and lists as JSON writes them; anything else is a word. */
function readValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
