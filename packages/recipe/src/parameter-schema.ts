import type { MergeMethod, NumberParameter, Parameter } from '@hubfuse/plugin';
import type { JsonSchema } from './schema.ts';

/** Schema of a `parameters:` block of a method: of the top level, or of one model. */
export function parametersSchema(method: MergeMethod, level: 'top' | 'model'): JsonSchema {
  const allowed = Object.entries(method.parameters).filter(([, { level: own }]) => level === 'top' || own === 'model');
  const required = allowed.filter(
    ([, parameter]) => level === 'top' && parameter.level === 'global' && lacks(parameter),
  );
  return {
    type: 'object',
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required: required.map(([name]) => name) }),
    properties: Object.fromEntries(allowed.map(([name, parameter]) => [name, parameterSchema(parameter)])),
  };
}

function lacks(parameter: Parameter): boolean {
  return parameter.type === 'number' && parameter.default === undefined;
}

function parameterSchema(parameter: Parameter): JsonSchema {
  const plain = plainSchema(parameter);
  const described = {
    description: describeParameter(parameter),
    ...(parameter.default === undefined || parameter.default === 'form' ? {} : { default: parameter.default }),
  };
  if (parameter.perTensor === 'never') return { ...described, ...plain };
  const gradient: JsonSchema = { type: 'array', items: plain, minItems: 1 };
  const value = parameter.type === 'number' ? { anyOf: [plain, gradient] } : plain;
  const filter: JsonSchema = {
    type: 'object',
    additionalProperties: false,
    required: ['value'],
    properties: {
      filter: { type: 'string', description: 'Case-sensitive part of tensor names; absent or "*": every tensor.' },
      value,
    },
  };
  const filters: JsonSchema = { type: 'array', items: filter, minItems: 1 };
  const forms = parameter.type === 'number' ? [plain, gradient, filters, filter] : [plain, filters, filter];
  return { ...described, anyOf: forms };
}

function plainSchema(parameter: Parameter): JsonSchema {
  switch (parameter.type) {
    case 'number':
      return { type: parameter.integer ? 'integer' : 'number', ...rangeSchema(parameter) };
    case 'boolean':
      return { type: 'boolean' };
    case 'choice':
      return { enum: [...parameter.choices] };
    case 'names':
      return { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };
  }
}

function rangeSchema({ minimum, maximum, exclusiveMinimum }: NumberParameter): JsonSchema {
  return {
    ...(minimum === undefined ? {} : exclusiveMinimum ? { exclusiveMinimum: minimum } : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
  };
}

function describeParameter(parameter: Parameter): string {
  const notes = [parameter.description.replace(/\.?$/, '.')];
  if (parameter.type === 'number' && parameter.default === 'form') notes.push('Default: what the form uses.');
  for (const [name, value] of Object.entries(parameter.onlyWith ?? {})) notes.push(`Only with ${name}: ${value}.`);
  if (parameter.perTensor === 'tensor') notes.push('Gradients and filters only with scope: tensor.');
  if (parameter.level === 'model') notes.push('One value for all models, or one for each.');
  return notes.join(' ');
}
