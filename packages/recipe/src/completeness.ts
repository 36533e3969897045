import type { Parameter } from '@hubfuse/plugin';
import { type Choices, missingChoice } from './choices.ts';
import type { Field } from './fields.ts';
import type { FindingPlace, Findings } from './findings.ts';
import { type MethodSpec, parameterOf } from './method-spec.ts';
import type { ModelEntry } from './recipe.ts';
import type { Settings } from './setting.ts';
import { cancels } from './weights.ts';

interface CompletenessOptions {
  root: Field;
  method: MethodSpec;
  models: readonly ModelEntry[];
  parameters: Settings;
  choices: Choices;
  findings: Findings;
}

/**
 * Finds values that no level gives, and sums of weights that are zero, as far as no tensor names are needed: so before
 * anything is fetched.
 */
export function checkCompleteness(options: CompletenessOptions): void {
  const { method, choices } = options;
  for (const [name, parameter] of Object.entries(method.parameters)) {
    if (missingChoice(parameter, choices) !== undefined) continue;
    checkGiven(name, parameter, options);
    checkSum(name, parameter, options);
  }
}

function checkGiven(name: string, parameter: Parameter, options: CompletenessOptions): void {
  const { root, method, models, parameters, findings } = options;
  if (Object.hasOwn(parameters, name)) return;
  const lacking = models.filter((model) => !Object.hasOwn(model.parameters, name));
  const hasDefault = 'default' in parameter && parameter.default !== undefined;
  const allOrNone = parameter.type === 'number' && parameter.allOrNone === true;
  if (parameter.level === 'global') {
    if (hasDefault) return;
    const place = { path: `parameters.${name}`, position: root.node.position };
    findings.add(place, { code: 'recipe/parameter-missing', message: `${method.name} needs a value for "${name}"` });
    return;
  }
  if (hasDefault && (!allOrNone || lacking.length === models.length)) return;
  for (const model of lacking) {
    findings.add(placeOf(root, `${model.entry}.parameters.${name}`, model), {
      code: 'recipe/parameter-missing',
      message: `the model ${model.text} has no ${name}${allOrNone && hasDefault ? ', and others have one' : ''}`,
      hint: `give ${model.text} a ${name}, or a default under the top-level \`parameters\``,
    });
  }
}

/** Constant weights that cancel: those that differ between tensors are summed tensor by tensor later. */
function checkSum(name: string, parameter: Parameter, options: CompletenessOptions): void {
  const { root, method, models, parameters, findings } = options;
  if (parameter.type !== 'number' || parameter.nonZeroSumWith === undefined) return;
  const divides = parameterOf(method, parameter.nonZeroSumWith);
  const setting = parameters[parameter.nonZeroSumWith];
  if (setting === undefined ? divides?.default !== true : setting.kind !== 'constant' || setting.value !== true) return;
  const values = models.map((model) => {
    const own = model.parameters[name] ?? parameters[name];
    return own === undefined ? parameter.default : own.kind === 'constant' ? own.value : undefined;
  });
  if (!values.every((value) => typeof value === 'number') || !cancels(values)) return;
  const place = placeOf(root, `models[*].parameters.${name}`, models[0]);
  findings.add(place, {
    code: 'recipe/weights-cancel',
    message: `the ${name}s ${values.join(', ')} sum to 0, and normalising divides by their sum`,
    hint: `set ${parameter.nonZeroSumWith}: false for a plain sum, or choose other ${name}s`,
  });
}

function placeOf(root: Field, path: string, model: ModelEntry | undefined): FindingPlace {
  const entry = model?.entry ?? '';
  const index = Number(/models\[(\d+)\]/.exec(entry)?.[1] ?? Number.NaN);
  const list = root.get('models')?.node;
  const node = list?.kind === 'sequence' ? list.items[index] : undefined;
  return { path, position: node?.position ?? root.node.position };
}
