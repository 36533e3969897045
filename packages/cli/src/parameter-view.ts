import type { MergePlan, PlannedTensor } from '@hubfuse/merge';
import type { ParameterValues } from '@hubfuse/plugin';

/** `ratio=0.1 exclude=[norm, bias]` */
export function describeValues(values: ParameterValues): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}`)
    .join(' ');
}

/** `ratio=0.1 lambda=1/1.1`: one value where all models share it, else one per model in the order of the recipe. */
export function effectiveParameters({ parameters, modelParameters }: MergePlan, tensor: PlannedTensor): string {
  const shared = describeValues({ ...parameters, ...tensor.parameters.global });
  const models = tensor.parameters.models.map((values, index) => ({ ...modelParameters[index], ...values }));
  const perModel = [...valuesByName(models)].map(([name, values]) => `${name}=${joined(values)}`);
  return [shared, ...perModel].filter((part) => part !== '').join(' ');
}

/**
 * The parameters beside those of the whole merge, defaults among them: `weight=1 for every model`, `weight=0.3/0.7`, or
 * where to look for what differs.
 */
export function describeTensorParameters({
  tensors,
  parameters: whole,
}: Pick<MergePlan, 'tensors' | 'parameters'>): string[] {
  const found = new Map<string, Set<string>>();
  const add = (name: string, text: string) => found.set(name, (found.get(name) ?? new Set()).add(text));
  for (const { rule, parameters } of tensors) {
    if (rule !== 'method') continue;
    for (const [name, value] of Object.entries(parameters.global)) {
      if (!(name in whole)) add(name, describeValues({ [name]: value }));
    }
    for (const [name, values] of valuesByName(parameters.models)) {
      const text = joined(values);
      add(name, `${name}=${text}${new Set(values).size === 1 ? ' for every model' : ''}`);
    }
  }
  return [...found].map(([name, texts]) => (texts.size === 1 ? [...texts].join() : `${name} by tensor (--explain)`));
}

function valuesByName(models: readonly ParameterValues[]): Map<string, string[]> {
  return new Map(Object.keys(models[0] ?? {}).map((name) => [name, models.map((values) => String(values[name]))]));
}

function joined(values: readonly string[]): string {
  return new Set(values).size === 1 ? (values[0] ?? '') : values.join('/');
}
