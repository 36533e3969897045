import type { NumberParameter, Parameter, ParameterValue } from '@hubfuse/plugin';
import type { Field } from './fields.ts';
import { booleanOf, numberOf } from './located.ts';
import { rangeProblem } from './parameter-range.ts';
import { type FilteredSetting, isCatchAll, type PlainSetting, type Setting } from './setting.ts';

/** A parameter by its name and declaration. */
interface Named<P extends Parameter = Parameter> {
  name: string;
  parameter: P;
}

/**
 * Reads what a recipe says about one parameter at one level: a value, a gradient, or a list of filters (a single filter
 * need not be in a list). Reports what is wrong to the field's findings.
 */
export function readSetting(field: Field, named: Named): Setting | undefined {
  const { node } = field;
  if (node.kind === 'mapping') return readFilters([field], named);
  if (node.kind === 'sequence' && node.items.some((item) => item.kind === 'mapping')) {
    return readFilters(field.items() ?? [], named);
  }
  const setting = readPlain(field, named);
  return setting === undefined || endsInRange(field, named, setting) ? setting : undefined;
}

function readFilters(items: readonly Field[], named: Named): Setting | undefined {
  const entries: FilteredSetting[] = [];
  for (const item of items) {
    if (!item.expectMapping(['filter', 'value'])) return undefined;
    const filter = item.get('filter')?.text('a part of a tensor name');
    const valueField = item.get('value');
    if (valueField === undefined) return item.reportMissing('a filter needs a `value`');
    const value = readPlain(valueField, named);
    if (value === undefined) return undefined;
    entries.push(filter === undefined ? { value } : { filter, value });
  }
  const [first] = entries;
  return first !== undefined && isCatchAll(first.filter) ? first.value : { kind: 'filters', entries };
}

function readPlain(field: Field, { name, parameter }: Named): PlainSetting | undefined {
  if (parameter.type === 'number' && field.node.kind === 'sequence') return readGradient(field, { name, parameter });
  const value = readValue(field, { name, parameter });
  return value === undefined ? undefined : { kind: 'constant', value };
}

/** Values in the middle may be met by no layer: ranges are checked at the ends, and tensor by tensor later. */
function readGradient(field: Field, named: Named<NumberParameter>): PlainSetting | undefined {
  const [first, ...others] = field.items() ?? [];
  if (first === undefined) {
    return field.report({ code: 'recipe/wrong-type', message: 'a gradient needs at least one value' });
  }
  if (others.length === 0) {
    const value = readNumber(first, named);
    return value === undefined ? undefined : { kind: 'constant', value };
  }
  const values = [first, ...others].map((item) => readFinite(item, named));
  return values.every((value) => value !== undefined) ? { kind: 'gradient', values } : undefined;
}

/**
 * Checks both ends of a gradient without filters: tensors outside the stack always meet the first, the last layer
 * always meets the last.
 */
function endsInRange(field: Field, { name, parameter }: Named, setting: PlainSetting): boolean {
  if (setting.kind !== 'gradient' || parameter.type !== 'number') return true;
  const ends = [
    { value: setting.values.at(0), where: 'the first layer and the tensors outside the stack' },
    { value: setting.values.at(-1), where: 'the last layer' },
  ];
  for (const { value, where } of ends) {
    const problem = value === undefined ? undefined : rangeProblem({ name, parameter, value, shown: String(value) });
    if (problem === undefined) continue;
    field.report({ ...problem, message: `the gradient of ${problem.message}, at ${where}` });
    return false;
  }
  return true;
}

function readValue(field: Field, { name, parameter }: Named): ParameterValue | undefined {
  switch (parameter.type) {
    case 'number':
      return readNumber(field, { name, parameter });
    case 'boolean':
      return readBoolean(field, name);
    case 'choice':
      return field.choice(parameter.choices);
    case 'names': {
      if (field.node.kind === 'scalar') {
        const text = field.text();
        return text === undefined ? undefined : [text];
      }
      const names = field.items('a list of parts of tensor names')?.map((item) => item.text('a part of a tensor name'));
      return names?.every((text) => text !== undefined) ? names : undefined;
    }
  }
}

/** mergekit takes numbers, text and lists of one for a switch. */
function readBoolean(field: Field, name: string): boolean | undefined {
  const { node } = field;
  const [only, ...others] = node.kind === 'sequence' ? (field.items() ?? []) : [];
  if (others.length > 0) {
    const message = `${name} cannot be a gradient: it is true or false`;
    return field.report({ code: 'recipe/wrong-type', message, hint: 'use filters where it differs between tensors' });
  }
  if (only !== undefined) return readBoolean(only, name);
  const number = numberOf(node);
  if (number === 0 || number === 1) return number === 1;
  return (node.kind === 'scalar' ? booleanOf({ ...node, plain: true }) : undefined) ?? field.boolean();
}

function readNumber(field: Field, named: Named<NumberParameter>): number | undefined {
  const value = readFinite(field, named);
  const problem = value === undefined ? undefined : rangeProblem({ ...named, value, shown: field.shown });
  return problem === undefined ? value : field.report(problem);
}

/** A switch counts as 1 or 0, as for mergekit. */
function readFinite(field: Field, { name, parameter }: Named<NumberParameter>): number | undefined {
  const option = booleanOf(field.node);
  const value = option === undefined ? numberOf(field.node) : Number(option);
  if (value === undefined) return field.reportType(parameter.integer ? 'a whole number' : 'a number');
  if (Number.isFinite(value)) return value;
  const message = `${name} is ${field.shown}, which is no finite number`;
  return field.report({ code: 'recipe/out-of-range', message, hint: `a ${name} must be finite` });
}
