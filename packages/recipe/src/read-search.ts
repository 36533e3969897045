import { didYouMean, type NumberParameter } from '@hubfuse/plugin';
import { type Choices, missingChoice } from './choices.ts';
import type { Field } from './fields.ts';
import { type MethodSpec, parameterOf } from './method-spec.ts';
import { missedRange, rangeProblem } from './parameter-range.ts';
import { BUDGET_KEYS, readBudget } from './read-budget.ts';
import type { ReadContext } from './read-context.ts';
import type { ModelEntry } from './recipe.ts';
import type { SearchedParameter, SearchSection } from './search-section.ts';
import { startOf } from './search-start.ts';
import type { Settings } from './setting.ts';

const KEYS = ['over', ...BUDGET_KEYS, 'population', 'step', 'restarts'];
const ENTRY_KEYS = ['parameter', 'per', 'layers', 'filters', 'range'];

export const SEARCH_DEFAULTS = { evaluations: 100, step: 1 / 6, restarts: 'bipop' } as const;

export interface SearchContext extends ReadContext {
  method: MethodSpec;
  models: readonly ModelEntry[];
  parameters: Settings;
  choices: Choices;
}

/** The `search:` block: which of the method's numbers vary, within which ranges. */
export function readSearch(field: Field, context: SearchContext): SearchSection | undefined {
  if (!field.expectMapping(KEYS)) return undefined;
  const list = field.get('over');
  if (list === undefined) {
    const names = searchable(context.method);
    field.reportMissing('`search` needs `over`: the parameters to search', { hint: `over: [${names.join(', ')}]` });
    return undefined;
  }
  const items = list.node.kind === 'sequence' ? (list.items() ?? []) : [list];
  const over: SearchedParameter[] = [];
  for (const item of items) {
    const entry = readEntry(item, context);
    if (entry === undefined) continue;
    if (over.some(({ parameter }) => parameter === entry.parameter)) {
      item.report({ code: 'recipe/duplicate-name', message: `${entry.parameter} is searched already` });
    } else over.push(entry);
  }
  if (items.length === 0) list.report({ code: 'recipe/missing-key', message: '`over` names no parameter' });
  const budget = readBudget(field);
  return {
    over,
    population: field.get('population')?.integer({ minimum: 2 }),
    step: field.get('step')?.number({ above: 0, maximum: 1 }) ?? SEARCH_DEFAULTS.step,
    restarts: field.get('restarts')?.choice(['bipop', 'ipop', 'none'] as const) ?? SEARCH_DEFAULTS.restarts,
    budget: { ...budget, evaluations: budget.evaluations ?? SEARCH_DEFAULTS.evaluations },
  };
}

/** A name, or a mapping with how it varies. */
function readEntry(item: Field, context: SearchContext): SearchedParameter | undefined {
  const isName = item.node.kind === 'scalar';
  if (!isName && !item.expectMapping(ENTRY_KEYS)) return undefined;
  const nameField = isName ? item : item.get('parameter');
  if (nameField === undefined) return item.reportMissing('an entry of `over` needs a `parameter`');
  const name = nameField.text('the name of a parameter');
  const parameter = name === undefined ? undefined : findParameter(nameField, name, context);
  if (name === undefined || parameter === undefined) return undefined;
  const per = readPer(item, name, parameter, context);
  const layers = item.get('layers')?.integer({ minimum: 1 }) ?? 1;
  const filters = readFilters(item.get('filters'));
  checkPerTensor(item, { name, parameter, context });
  const start = startOf({ name, parameter, models: context.models, parameters: context.parameters });
  if ('problem' in start) return nameField.report({ code: 'recipe/search-start', ...start.problem });
  const range = readRange(item, { name, parameter, values: start.values });
  return range === undefined ? undefined : { parameter: name, per, layers, filters, range, path: item.path };
}

function searchable({ parameters }: MethodSpec): string[] {
  return Object.entries(parameters).flatMap(([name, { type }]) => (type === 'number' ? [name] : []));
}

function findParameter(field: Field, name: string, { method, choices }: SearchContext): NumberParameter | undefined {
  const parameter = parameterOf(method, name);
  if (parameter === undefined) {
    const hint = `${method.name} has ${searchable(method).join(', ') || 'no numbers'} to search; ${didYouMean(name, searchable(method))}`;
    return field.report({
      code: 'recipe/unknown-parameter',
      message: `${method.name} has no parameter "${name}"`,
      hint,
    });
  }
  if (parameter.type !== 'number' || parameter.integer === true) {
    const message = `${name} of ${method.name} is no number that can vary in small steps`;
    return field.report({ code: 'recipe/search-parameter', message, hint: `search ${searchable(method).join(', ')}` });
  }
  const missing = missingChoice(parameter, choices);
  if (missing !== undefined) {
    const message = `"${name}" has no meaning with ${missing.chosen}`;
    return field.report({ code: 'recipe/parameter-condition', message, hint: `set ${missing.needed}` });
  }
  return parameter;
}

function readPer(
  item: Field,
  name: string,
  parameter: NumberParameter,
  { method }: SearchContext,
): SearchedParameter['per'] {
  const field = item.get('per');
  const per = field?.choice(['model', 'merge'] as const);
  if (field !== undefined && per === 'model' && parameter.level === 'global') {
    field.report({
      code: 'recipe/parameter-level',
      message: `${name} of ${method.name} is one value for the whole merge and cannot vary per model`,
      hint: 'remove `per`',
    });
  }
  return per ?? (parameter.level === 'model' ? 'model' : 'merge');
}

function readFilters(field: Field | undefined): string[] {
  if (field === undefined) return [];
  const items = field.items('a list of parts of tensor names') ?? [];
  return items.map((item) => item.text('a part of a tensor name')).filter((text) => text !== undefined);
}

/** Values over the depth, or by tensor name, only where the method takes such. */
function checkPerTensor(
  item: Field,
  options: { name: string; parameter: NumberParameter; context: SearchContext },
): void {
  const { name, parameter, context } = options;
  const varies =
    parameter.perTensor === 'always' || (parameter.perTensor === 'tensor' && context.choices.scope === 'tensor');
  for (const key of ['layers', 'filters'] as const) {
    const field = item.get(key);
    if (field === undefined || varies) continue;
    field.report({
      code: 'recipe/per-tensor',
      message: `${name} holds for the whole model and has no \`${key}\``,
      hint: parameter.perTensor === 'tensor' ? `remove \`${key}\`, or set scope: tensor` : `remove \`${key}\``,
    });
  }
}

function readRange(
  item: Field,
  options: { name: string; parameter: NumberParameter; values: readonly number[] },
): readonly [number, number] | undefined {
  const { name, parameter, values } = options;
  const field = item.get('range');
  const range = field === undefined ? defaultRange(parameter, values) : readEnds(field, options);
  if (range === undefined) return undefined;
  const outside = values.find((value) => value < range[0] || value > range[1]);
  if (outside === undefined) return range;
  return (field ?? item).report({
    code: 'recipe/search-start',
    message: `the search starts at ${name} ${outside}, outside its range [${range.join(', ')}]`,
    hint: `give ${name} a value inside the range under \`parameters\`, or widen \`range\``,
  });
}

function readEnds(
  field: Field,
  { name, parameter }: { name: string; parameter: NumberParameter },
): readonly [number, number] | undefined {
  const items = field.items('two numbers: [lowest, highest]');
  if (items === undefined) return undefined;
  const [low, high] = items.map((item) => item.number());
  if (items.length !== 2 || low === undefined || high === undefined) {
    return items.length === 2 ? undefined : field.reportType('two numbers: [lowest, highest]');
  }
  if (low >= high) {
    return field.report({ code: 'recipe/out-of-range', message: `the range of ${name} is empty: ${low} to ${high}` });
  }
  for (const value of [low, high]) {
    const problem = rangeProblem({ name, parameter, value, shown: String(value) });
    if (problem === undefined) continue;
    const message = `the range of ${name} reaches ${value}, ${missedRange(parameter)}`;
    return field.report({ code: problem.code, message });
  }
  return [low, high];
}

/** Where the method states no bound: from 0 to twice the largest starting value. */
function defaultRange(parameter: NumberParameter, values: readonly number[]): readonly [number, number] {
  const { minimum, maximum, exclusiveMinimum = false } = parameter;
  const reach = Math.max(...values.map(Math.abs)) || 1;
  const high = maximum ?? Math.max(2 * reach, (minimum ?? 0) + reach);
  const low = minimum ?? (values.some((value) => value < 0) ? -2 * reach : 0);
  return [exclusiveMinimum ? low + SMALLEST_SHARE * (high - low) : low, high];
}

/** How near to a bound that is not allowed itself a default range goes, as a share of the range. */
const SMALLEST_SHARE = 0.01;
