import { UsageError } from '@hubfuse/plugin';

/** A merge that is written on the command line instead of in a file. */
export interface ModelArguments {
  models: readonly string[];
  method: string | undefined;
  base: string | undefined;
  /** `name=value` each; values as in YAML: numbers, true and false, else words. */
  parameters: readonly string[];
  dtype: string | undefined;
  /** `ns/name` to publish to. */
  publish: string | undefined;
  pullRequest: boolean;
}

/** The recipe that the arguments stand for, as JSON text. @throws UsageError */
export function recipeFromArguments(given: ModelArguments): string {
  if (given.method === undefined) {
    throw new UsageError({
      code: 'usage/no-method',
      message: 'models on the command line need --method',
      hint: 'hubfuse merge <model> <model>... --method pcb --base <model> --out <folder>; `hubfuse methods` lists them',
    });
  }
  const parameters = Object.fromEntries(given.parameters.map(readParameter));
  return JSON.stringify({
    merge_method: given.method,
    ...(given.base === undefined ? {} : { base_model: given.base }),
    models: given.models,
    ...(given.parameters.length === 0 ? {} : { parameters }),
    ...(given.dtype === undefined ? {} : { out_dtype: given.dtype }),
    ...(given.publish === undefined
      ? {}
      : { publish: { hub: { repo: given.publish, ...(given.pullRequest ? { as: 'pull_request' } : {}) } } }),
  });
}

function readParameter(text: string): [string, unknown] {
  const equals = text.indexOf('=');
  const name = text.slice(0, equals);
  if (equals <= 0) {
    throw new UsageError({
      code: 'usage/bad-parameter',
      message: `--parameter must be name=value, not "${text}"`,
      hint: '--parameter ratio=0.2',
    });
  }
  return [name, readValue(text.slice(equals + 1))];
}

/** Numbers, booleans, lists and null as JSON writes them; anything else is a word. */
function readValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
