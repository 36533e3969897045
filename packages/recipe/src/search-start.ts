import type { NumberParameter } from '@hubfuse/plugin';
import type { ModelEntry } from './recipe.ts';
import type { Setting, Settings } from './setting.ts';

/**
 * Where a search of a parameter starts: the recipe's values, one for each model where they may differ, else one; or why
 * it cannot.
 */
export function startOf(options: {
  name: string;
  parameter: NumberParameter;
  models: readonly Pick<ModelEntry, 'parameters' | 'text'>[];
  /** Those of the top level. */
  parameters: Settings;
}): { values: readonly number[] } | { problem: { message: string; hint: string } } {
  const { name, parameter, models, parameters } = options;
  const settings: (Setting | undefined)[] =
    parameter.level === 'model'
      ? models.map((model) => own(model.parameters, name) ?? own(parameters, name))
      : [own(parameters, name)];
  const values: number[] = [];
  for (const setting of settings) {
    const value = setting === undefined ? parameter.default : setting.kind === 'constant' ? setting.value : undefined;
    if (typeof value === 'number') values.push(value);
    else {
      const why = setting === undefined ? 'has no value to start from' : 'varies between tensors in the recipe';
      const hint = `give ${name} one number under \`parameters\`: the search starts there`;
      return { problem: { message: `${name} cannot be searched: it ${why}`, hint } };
    }
  }
  return { values };
}

function own(settings: Settings, name: string): Setting | undefined {
  return Object.hasOwn(settings, name) ? settings[name] : undefined;
}
