import type { Parameter } from '@hubfuse/plugin';
import type { Field } from './fields.ts';
import { type MethodSpec, parameterOf } from './method-spec.ts';
import type { Settings } from './setting.ts';

/** The values of a method's choices, defaults included, by name: they say which of its other parameters exist. */
export type Choices = Readonly<Record<string, string>>;

/** The choices that a `parameters:` block makes: read before all others. What is no choice takes the default here. */
export function readChoices(parameters: Field | undefined, method: MethodSpec): Choices {
  return choicesBy(method, (name) => {
    const node = parameters?.get(name)?.node;
    return node?.kind === 'scalar' ? node.text : undefined;
  });
}

/** The same from settings that were read. */
export function choicesOf(settings: Settings, method: MethodSpec): Choices {
  return choicesBy(method, (name) => {
    const setting = settings[name];
    return setting?.kind === 'constant' && typeof setting.value === 'string' ? setting.value : undefined;
  });
}

function choicesBy(method: MethodSpec, given: (name: string) => string | undefined): Choices {
  const found: Record<string, string> = {};
  for (const name of Object.keys(method.parameters)) {
    const parameter = parameterOf(method, name);
    if (parameter?.type !== 'choice') continue;
    const value = given(name);
    found[name] = value !== undefined && parameter.choices.includes(value) ? value : parameter.default;
  }
  return found;
}

/** The choice that keeps a parameter from existing, as it is and as it would have to be. */
export function missingChoice(parameter: Parameter, choices: Choices): { chosen: string; needed: string } | undefined {
  for (const [name, needed] of Object.entries(parameter.onlyWith ?? {})) {
    const chosen = choices[name];
    if (chosen !== undefined && chosen !== needed)
      return { chosen: `${name}: ${chosen}`, needed: `${name}: ${needed}` };
  }
  return undefined;
}
