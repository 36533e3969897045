import { didYouMean, nearest, type Parameter, type Registry } from '@hubfuse/plugin';
import type { Field } from './fields.ts';
import { type MethodSpec, methodsWith, parameterOf } from './method-spec.ts';
import { readSetting } from './read-setting.ts';
import type { Setting, Settings } from './setting.ts';

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
    const named = field.getEvenNothing(name);
    const parameter = named && findParameter(named, name, context);
    const value = field.get(name);
    if (value === undefined || parameter === undefined) continue;
    const setting = readSetting(value, { name, parameter });
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

/** The declaration of a parameter that may stand at this place; reports why it may not. */
function findParameter(value: Field, name: string, context: SettingsContext): Parameter | undefined {
  const { method, level, scope } = context;
  const report = (code: string, message: string, hint: string): undefined => {
    value.findings.add({ path: value.path, position: value.keyPosition }, { code, message, hint });
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
  return parameter;
}

function unknownHint(name: string, { method, registry }: SettingsContext): string {
  const own = Object.keys(method.parameters);
  const knows = own.length === 0 ? `${method.name} takes no parameters` : `${method.name} knows ${listOf(own)}`;
  const near = nearest(name, own);
  const others = methodsWith(registry, name);
  if (others.length > 0) return `"${name}" is a parameter of ${listOf(others)}; ${knows}`;
  return near === undefined ? knows : didYouMean(name, own);
}

/** Whether the value may differ between tensors, where it does; reports why it may not. */
function mayDiffer(
  field: Field,
  given: { name: string; setting: Setting; parameter: Parameter; context: SettingsContext },
): boolean {
  const { name, setting, parameter, context } = given;
  if (setting.kind === 'constant' || parameter.perTensor === 'always') return true;
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

function listOf(words: readonly string[]): string {
  return words.length <= 1 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
