import {
  didYouMean,
  type NumberParameter,
  nearest,
  type Parameter,
  type ParameterValue,
  type Registry,
} from '@hubfuse/plugin';
import type { Field } from './fields.ts';
import { booleanOf, numberOf } from './located.ts';
import { type MethodSpec, methodsWith, parameterOf } from './method-spec.ts';
import { rangeProblem } from './parameter-range.ts';
import { type FilteredSetting, isCatchAll, type PlainSetting, type Setting, type Settings } from './setting.ts';

export interface SettingsContext {
  method: MethodSpec;
  registry: Registry;
  /** Whose parameters they are: one model's, or everyone's. */
  level: 'model' | 'top';
  /** Value of the parameter `scope` of the recipe, where the method has one. */
  scope?: string | undefined;
}

/** Reads a `parameters:` block by the method's declarations. Reports to the field's findings. */
export function readSettings(field: Field | undefined, context: SettingsContext): Settings {
  if (field === undefined) return {};
  if (field.node.kind !== 'mapping') {
    field.reportType(`a mapping of ${listOf(Object.keys(context.method.parameters))}`);
    return {};
  }
  const settings: Record<string, Setting> = {};
  for (const name of field.keys) {
    const value = field.getEvenNothing(name);
    if (value === undefined || !isAllowed(value, name, context)) continue;
    const parameter = parameterOf(context.method, name);
    const setting =
      field.get(name) === undefined || parameter === undefined ? undefined : readSetting(value, parameter);
    if (setting !== undefined && mayDiffer(value, { name, setting, parameter, context })) settings[name] = setting;
  }
  return settings;
}

/** What the parameter `scope` is: read before all others, because it says which others exist. */
export function readScope(parameters: Field | undefined, method: MethodSpec): string | undefined {
  const scope = parameterOf(method, 'scope');
  if (scope?.type !== 'choice') return undefined;
  const node = parameters?.get('scope')?.node;
  return node?.kind === 'scalar' && scope.choices.includes(node.text) ? node.text : scope.default;
}

function isAllowed(value: Field, name: string, context: SettingsContext): boolean {
  const { method, level, scope } = context;
  const report = (code: string, message: string, hint: string) => {
    value.findings.add({ path: value.path, position: value.keyPosition }, { code, message, hint });
    return false;
  };
  const parameter = parameterOf(method, name);
  if (parameter === undefined) {
    return report('recipe/unknown-parameter', `${method.name} has no parameter "${name}"`, unknownHint(name, context));
  }
  if (level === 'model' && parameter.level === 'global') {
    const message = `"${name}" is one value for the whole merge and cannot be given to a model`;
    return report('recipe/parameter-level', message, 'put it under the `parameters:` of the top level');
  }
  if (parameter.onlyWithScope !== undefined && scope !== undefined && parameter.onlyWithScope !== scope) {
    const message = `"${name}" has no meaning with scope: ${scope}`;
    return report('recipe/parameter-scope', message, `remove it, or set scope: ${parameter.onlyWithScope}`);
  }
  return true;
}

function unknownHint(name: string, { method, registry }: SettingsContext): string {
  const own = Object.keys(method.parameters);
  const knows = own.length === 0 ? `${method.name} takes no parameters` : `${method.name} knows ${listOf(own)}`;
  const near = nearest(name, own);
  const others = methodsWith(registry, name);
  if (others.length > 0) return `"${name}" is a parameter of ${listOf(others)}; ${knows}`;
  return near === undefined ? knows : didYouMean(name, own);
}

/** One value, a gradient, or a list of filters; a single filter need not be in a list. */
function readSetting(field: Field, parameter: Parameter): Setting | undefined {
  const { node } = field;
  if (node.kind === 'mapping') return readFilters([field], parameter);
  if (node.kind === 'sequence' && node.items.some((item) => item.kind === 'mapping')) {
    return readFilters(field.items() ?? [], parameter);
  }
  return readPlain(field, parameter);
}

function readFilters(items: readonly Field[], parameter: Parameter): Setting | undefined {
  const entries: FilteredSetting[] = [];
  for (const item of items) {
    if (!item.expectMapping(['filter', 'value'])) return undefined;
    const filter = item.get('filter')?.text('a part of a tensor name');
    const valueField = item.get('value');
    if (valueField === undefined) return item.reportMissing('a filter needs a `value`');
    const value = readPlain(valueField, parameter);
    if (value === undefined) return undefined;
    entries.push(filter === undefined ? { value } : { filter, value });
  }
  const [first] = entries;
  return first !== undefined && isCatchAll(first.filter) ? first.value : { kind: 'filters', entries };
}

function readPlain(field: Field, parameter: Parameter): PlainSetting | undefined {
  if (parameter.type === 'number' && field.node.kind === 'sequence') return readGradient(field, parameter);
  const value = readValue(field, parameter);
  return value === undefined ? undefined : { kind: 'constant', value };
}

function readGradient(field: Field, parameter: NumberParameter): PlainSetting | undefined {
  const items = field.items() ?? [];
  const values = items.map((item) => readNumber(item, parameter, { inRange: false }));
  if (values.length === 0)
    return field.report({ code: 'recipe/wrong-type', message: 'a gradient needs at least one value' });
  if (!values.every((value) => value !== undefined)) return undefined;
  // The ends of a gradient are always reached (by tensors outside the stack and by the last layer); what lies between
  // depends on the number of layers and is checked tensor by tensor.
  const isFiltered = field.path.endsWith('.value');
  for (const [end, index] of [
    ['first', 0],
    ['last', items.length - 1],
  ] as const) {
    const item = items[index];
    const value = values[index];
    if (isFiltered || item === undefined || value === undefined) continue;
    const problem = rangeProblem({ name: nameOf(field), parameter, value, shown: item.shown });
    if (problem === undefined) continue;
    const where = end === 'last' ? 'the last layer' : 'the first layer and the tensors outside the stack';
    return field.report({ ...problem, message: `the gradient of ${problem.message}, at ${where}` });
  }
  const [only] = values;
  return values.length === 1 && only !== undefined ? { kind: 'constant', value: only } : { kind: 'gradient', values };
}

function readValue(field: Field, parameter: Parameter): ParameterValue | undefined {
  switch (parameter.type) {
    case 'number':
      return readNumber(field, parameter, { inRange: true });
    case 'boolean': {
      const number = numberOf(field.node);
      return number === 0 || number === 1 ? number === 1 : field.boolean();
    }
    case 'choice':
      return field.choice(parameter.choices);
    case 'names': {
      if (field.node.kind === 'scalar') {
        const name = field.text();
        return name === undefined ? undefined : [name];
      }
      const names = field.items('a list of parts of tensor names')?.map((item) => item.text('a part of a tensor name'));
      return names?.every((name) => name !== undefined) ? names : undefined;
    }
  }
}

function readNumber(field: Field, parameter: NumberParameter, check: { inRange: boolean }): number | undefined {
  const value = booleanOf(field.node) === undefined ? numberOf(field.node) : undefined;
  const name = nameOf(field);
  if (value === undefined) return field.reportType(parameter.integer ? 'a whole number' : 'a number');
  if (!Number.isFinite(value)) {
    const message = `${name} is ${field.shown}, which is no finite number`;
    return field.report({ code: 'recipe/out-of-range', message, hint: `a ${name} must be finite` });
  }
  if (!check.inRange) return value;
  const problem = rangeProblem({ name, parameter, value, shown: field.shown });
  return problem === undefined ? value : field.report(problem);
}

/** `models[0].parameters.weight[1].value` -> `weight` */
function nameOf(field: Field): string {
  return /parameters\.([^.[]+)/.exec(field.path)?.[1] ?? 'the value';
}

function mayDiffer(
  field: Field,
  given: { name: string; setting: Setting; parameter: Parameter | undefined; context: SettingsContext },
): boolean {
  const { name, setting, parameter, context } = given;
  if (setting.kind === 'constant' || parameter === undefined || parameter.perTensor === 'always') return true;
  if (parameter.perTensor === 'tensor' && context.scope === 'tensor') return true;
  const form = setting.kind === 'gradient' ? 'a gradient' : 'a list of filters';
  const scoped = parameter.perTensor === 'tensor' && context.scope !== undefined;
  field.report({
    code: 'recipe/per-tensor',
    message: `${name} cannot be ${form}: ${scoped ? `with scope: ${context.scope} it` : 'it'} holds for the whole model`,
    hint: scoped ? 'give one value, or set scope: tensor' : 'give one value',
  });
  return false;
}

export function listOf(words: readonly string[]): string {
  return words.length <= 1 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
