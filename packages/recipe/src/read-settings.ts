import { didYouMean, nearest, type Parameter, type Registry } from '@hubfuse/plugin';
import { type Choices, missingChoice } from './choices.ts';
import type { Field } from './fields.ts';
import { type MethodSpec, methodsWith, parameterOf } from './method-spec.ts';
import { readSetting } from './read-setting.ts';
import type { Setting, Settings } from './setting.ts';

export interface SettingsContext {
  method: MethodSpec;
  registry: Registry;
  /** Whose parameters they are: one model's, or everyone's. */
  level: 'model' | 'top';
  /** Values of the method's choices in this recipe. */
  choices: Choices;
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

/** The declaration of a parameter that may stand at this place; reports why it may not. */
function findParameter(value: Field, name: string, context: SettingsContext): Parameter | undefined {
  const { method, level, choices } = context;
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
  const missing = missingChoice(parameter, choices);
  if (missing !== undefined) {
    const message = `"${name}" has no meaning with ${missing.chosen}`;
    return report('recipe/parameter-condition', message, `remove it, or set ${missing.needed}`);
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
  if (parameter.perTensor === 'tensor' && context.choices.scope === 'tensor') return true;
  const form = setting.kind === 'gradient' ? 'a gradient' : 'a list of filters';
  const scoped = parameter.perTensor === 'tensor' && context.choices.scope !== undefined;
  field.report({
    code: 'recipe/per-tensor',
    message: `${name} cannot be ${form}: ${scoped ? `with scope: ${context.choices.scope} it` : 'it'} holds for the whole model`,
    hint: scoped ? 'give one value, or set scope: tensor' : 'give one value',
  });
  return false;
}

function listOf(words: readonly string[]): string {
  return words.length <= 1 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
