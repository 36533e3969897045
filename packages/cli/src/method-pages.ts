import type { MergeMethod, Parameter } from '@hubfuse/plugin';
import { type Column, renderMarkdownTable } from './terminal/table.ts';

/** A method as JSON: all that a program needs to offer it. */
export function describeMethod(method: MergeMethod): object {
  const { name, title, description, base, models, sources } = method;
  const parameters = Object.entries(method.parameters).map(([parameter, details]) => ({ name: parameter, ...details }));
  return { name, title, description, base, models, parameters, sources };
}

export const PARAMETER_COLUMNS: readonly Column[] = [
  { title: 'parameter' },
  { title: 'values' },
  { title: 'default' },
  { title: 'given' },
  { title: 'meaning' },
];

/** One row per parameter, in the columns of `PARAMETER_COLUMNS`. */
export function methodParameterRows(method: MergeMethod): string[][] {
  return Object.entries(method.parameters).map(([name, parameter]) => [
    name,
    allowedValues(parameter),
    defaultValue(parameter),
    places(parameter),
    parameter.description,
  ]);
}

/** The documentation page of one method, in Markdown. */
export function renderMethodPage(method: MergeMethod): string {
  const base = {
    required: 'needs `base_model`',
    optional: '`base_model` is optional',
    unused: 'has no use for `base_model`',
  }[method.base];
  const { minimum, maximum } = method.models;
  const count = maximum === undefined ? `${minimum} models or more` : `${minimum} to ${maximum} models`;
  const rows = methodParameterRows(method).map(([name = '', ...rest]) => [`\`${name}\``, ...rest]);
  return [
    `# ${method.title}`,
    '',
    `\`merge_method: ${method.name}\` — ${method.description}`,
    '',
    `It takes ${count} and ${base}.`,
    '',
    '## What is computed',
    '',
    method.formula.trim(),
    '',
    '## Parameters',
    '',
    rows.length === 0 ? 'None.' : renderMarkdownTable(PARAMETER_COLUMNS, rows),
    '',
    '## Sources',
    '',
    ...method.sources.map((source) => `- ${source}`),
    '',
  ].join('\n');
}

function allowedValues(parameter: Parameter): string {
  switch (parameter.type) {
    case 'boolean':
      return 'true, false';
    case 'choice':
      return parameter.choices.join(', ');
    case 'names':
      return 'list of name parts';
    case 'number': {
      const { minimum, maximum, exclusiveMinimum } = parameter;
      const low = minimum === undefined ? '' : `${exclusiveMinimum === true ? '>' : '>='} ${minimum}`;
      const high = maximum === undefined ? '' : `<= ${maximum}`;
      return ['number', low, high].filter((part) => part !== '').join(' ');
    }
  }
}

function defaultValue(parameter: Parameter): string {
  const value = parameter.default;
  if (value === undefined) return 'must be given';
  if (value === 'form' && parameter.type === 'number') return "the form's";
  if (typeof value === 'object') return value.length === 0 ? 'none' : value.join(', ');
  return String(value);
}

function places(parameter: Parameter): string {
  const level = parameter.level === 'model' ? 'once or per model' : 'once';
  const tensors = {
    always: ', gradients and filters',
    never: '',
    tensor: ', gradients and filters with scope: tensor',
  }[parameter.perTensor];
  const choices = Object.entries(parameter.onlyWith ?? {}).map(([name, value]) => `, only with ${name}: ${value}`);
  return level + tensors + choices.join('');
}
