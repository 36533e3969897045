import type { MergeMethod, Parameter } from '@hubfuse/plugin';

/** A commented recipe for one method, its parameters at their defaults. */
export function initialRecipe(method: MergeMethod): string {
  const parameters = Object.entries(method.parameters).flatMap(([name, parameter]) => {
    const value = initialValue(parameter, method);
    return [`  # ${parameter.description}`, `  ${value === undefined ? '# ' : ''}${name}: ${value ?? '...'}`];
  });
  return `${[
    '# What to merge. A model is a URL of the Hub, its id (ns/name, ns/name@revision) or a folder.',
    'name: my-merge',
    `merge_method: ${method.name}`,
    ...(method.base === 'unused' ? [] : ['base_model: https://huggingface.co/hubfuse-examples/intents-base']),
    'models:',
    '  - https://huggingface.co/hubfuse-examples/intents-money',
    '  - https://huggingface.co/hubfuse-examples/intents-home',
    ...(method.evolves === true ? ['  - https://huggingface.co/hubfuse-examples/intents-travel'] : []),
    ...(parameters.length === 0 ? [] : ['parameters:', ...parameters]),
    'out_dtype: bfloat16',
    'seed: 7',
    '',
    '# Score the result: dev for choices (and the condition below), test for the report.',
    ...EVALUATE.map((line) => (method.evolves === true ? line : `# ${line}`)),
    '',
    ...(method.evolves === true ? ['# How the models evolve.', 'evolve: {generations: 15, time: 1h}', ''] : []),
    '# Publish it, if the condition holds.',
    '# publish:',
    '#   hub: {repo: you/my-merge, as: pull_request}',
    `#   if: mean > best_parent${method.base === 'unused' ? '' : ' and mean > base'}`,
  ].join('\n')}\n`;
}

/** A method that evolves cannot do without; for others it is a comment. */
const EVALUATE = [
  'evaluate:',
  '  task: text-classification',
  '  metric: accuracy',
  '  datasets:',
  '    - {name: money, dev: data/money.dev.jsonl, test: data/money.test.jsonl, text: text, label: label}',
];

/** Undefined where there is no default, or where the parameter does not exist with the defaults of the others. */
function initialValue(parameter: Parameter, { parameters }: MergeMethod): string | undefined {
  const needed = Object.entries(parameter.onlyWith ?? {});
  if (needed.some(([name, value]) => parameters[name]?.default !== value)) return undefined;
  if (parameter.default === undefined || parameter.default === 'form') return undefined;
  return Array.isArray(parameter.default) ? JSON.stringify(parameter.default) : String(parameter.default);
}
