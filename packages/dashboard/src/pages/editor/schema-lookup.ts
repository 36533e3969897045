import type { Path } from './cursor-context.ts';

/** What is read of a JSON Schema, draft 7. */
export interface Schema {
  $ref?: string;
  title?: string;
  description?: string;
  type?: string | readonly string[];
  const?: unknown;
  enum?: readonly unknown[];
  default?: unknown;
  properties?: Readonly<Record<string, Schema>>;
  additionalProperties?: boolean | Schema;
  required?: readonly string[];
  items?: Schema | readonly Schema[];
  oneOf?: readonly Schema[];
  anyOf?: readonly Schema[];
  allOf?: readonly Schema[];
  definitions?: Readonly<Record<string, Schema>>;
}

/** A key or value that fits. */
export interface Proposal {
  label: string;
  /** What it is for. */
  description?: string;
  /** Of a key: what its value is. `group`: a mapping or a list. */
  holds?: 'value' | 'group';
  required?: boolean;
}

/** The keys that the mapping at a path may have. @param method The recipe's merge method, where it is known. */
export function keysAt(root: Schema, options: { path: Path; method: string | undefined }): Proposal[] {
  const found = new Map<string, Proposal>();
  for (const schema of schemasAt(root, options)) {
    for (const [label, property] of Object.entries(schema.properties ?? {})) {
      const alternatives = expand(root, property);
      const description =
        property.description ?? alternatives.find((one) => one.description !== undefined)?.description;
      const group = alternatives.some(({ properties, items }) => properties !== undefined || items !== undefined);
      const plain = alternatives.some(
        ({ type, enum: values }) => values !== undefined || (type !== 'object' && type !== 'array'),
      );
      found.set(label, {
        label,
        holds: group && !plain ? 'group' : 'value',
        ...(description === undefined ? {} : { description }),
        ...(schema.required?.includes(label) === true ? { required: true } : {}),
      });
    }
  }
  return [...found.values()];
}

/** The values that are known at a path. */
export function valuesAt(root: Schema, options: { path: Path; method: string | undefined }): Proposal[] {
  const isMethod = options.path.length === 1 && options.path[0] === 'merge_method';
  const found = new Map<string, Proposal>();
  for (const schema of schemasAt(root, { path: options.path, method: isMethod ? undefined : options.method })) {
    const values = [
      ...(schema.const === undefined ? [] : [schema.const]),
      ...(schema.enum ?? []),
      ...(schema.type === 'boolean' ? [true, false] : []),
      ...(schema.default === undefined || typeof schema.default === 'object' ? [] : [schema.default]),
    ];
    for (const value of values) {
      const label = String(value);
      const about = schema.const === undefined ? defaultNote(schema, value) : schema.description;
      if (!found.has(label)) found.set(label, { label, ...(about === undefined ? {} : { description: about }) });
    }
  }
  return [...found.values()];
}

function defaultNote(schema: Schema, value: unknown): string | undefined {
  return schema.default === value ? 'the default' : undefined;
}

function schemasAt(root: Schema, { path, method }: { path: Path; method: string | undefined }): Schema[] {
  let level = expand(root, root).filter((schema) => {
    const named = schema.properties?.merge_method?.const;
    return method === undefined || named === undefined || named === method;
  });
  for (const step of path) level = level.flatMap((schema) => stepInto(root, schema, step));
  return level;
}

function stepInto(root: Schema, schema: Schema, step: string | number): Schema[] {
  if (typeof step === 'number') {
    const { items } = schema;
    const one = Array.isArray(items) ? (items as readonly Schema[])[step] : (items as Schema | undefined);
    return one === undefined ? [] : expand(root, one);
  }
  const property = Object.hasOwn(schema.properties ?? {}, step) ? schema.properties?.[step] : undefined;
  if (property !== undefined) return expand(root, property);
  return typeof schema.additionalProperties === 'object' ? expand(root, schema.additionalProperties) : [];
}

/** A schema with its references followed and its alternatives side by side. */
function expand(root: Schema, schema: Schema, depth = 0): Schema[] {
  if (depth > 8) return [];
  const { $ref, oneOf, anyOf, allOf } = schema;
  const referred = $ref === undefined ? [] : [root.definitions?.[$ref.replace('#/definitions/', '')] ?? {}];
  const inner = [...referred, ...(oneOf ?? []), ...(anyOf ?? []), ...(allOf ?? [])];
  return [schema, ...inner.flatMap((one) => expand(root, one, depth + 1))];
}
