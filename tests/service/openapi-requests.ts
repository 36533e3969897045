import fc from 'fast-check';

/** As much of an OpenAPI document as requests are made from. */
export interface OpenApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

export interface Operation {
  parameters?: { name: string; in: 'path' | 'query' | 'header' | 'cookie'; required?: boolean; schema?: Schema }[];
  requestBody?: { content: Record<string, { schema?: Schema }>; required?: boolean };
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>;
}

export type Schema = Readonly<Record<string, unknown>>;

/** A request that the document describes, or nearly so. */
export interface MadeRequest {
  method: string;
  /** As the document writes it: `/v1/runs/{id}`. */
  route: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

const METHODS = ['get', 'put', 'post', 'delete'];
/** Headers that a client of HTTP sets itself, or refuses to send. */
const OWN = new Set(['host', 'content-length', 'connection', 'range']);

/**
 * Requests for all operations of a document: parameters and bodies follow their schemas, one in some follows none. Names
 * that exist come from `known`, by the name of the path parameter.
 */
export function requestsOf(
  document: OpenApiDocument,
  known: Readonly<Record<string, readonly string[]>>,
): fc.Arbitrary<MadeRequest> {
  const operations = Object.entries(document.paths).flatMap(([route, methods]) =>
    Object.entries(methods)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => requestOf({ document, known, route, method, operation })),
  );
  return fc.oneof(...operations);
}

function requestOf(options: {
  document: OpenApiDocument;
  known: Readonly<Record<string, readonly string[]>>;
  route: string;
  method: string;
  operation: Operation;
}): fc.Arbitrary<MadeRequest> {
  const { document, known, route, method, operation } = options;
  const parameters = operation.parameters ?? [];
  const value = (name: string, schema: Schema | undefined) =>
    textOf(
      fc.oneof({ weight: 3, arbitrary: valuesOf(schema ?? {}, document) }, { weight: 1, arbitrary: fc.string() }),
      known[name],
    );
  const named = (place: string) => parameters.filter((parameter) => parameter.in === place);
  const path = fc.record(Object.fromEntries(named('path').map(({ name, schema }) => [name, value(name, schema)])));
  const query = fc.record(Object.fromEntries(named('query').map(({ name, schema }) => [name, value(name, schema)])), {
    requiredKeys: [],
  });
  const headers = fc.record(
    Object.fromEntries(
      named('header')
        .filter(({ name }) => !OWN.has(name))
        .map(({ name, schema }) => [name, value(name, schema).map(asHeader)]),
    ),
    { requiredKeys: [] },
  );
  return fc.record({ path, query, headers, body: bodyOf(operation, document) }).map((made) => {
    const search = new URLSearchParams(made.query as Record<string, string>).toString();
    const filled = route.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(filledIn(made.path[name])));
    return {
      method: method.toUpperCase(),
      route,
      path: `${filled}${search === '' ? '' : `?${search}`}`,
      headers: {
        ...(made.headers as Record<string, string>),
        ...(made.body === undefined ? {} : { 'content-type': made.body.type }),
      },
      ...(made.body === undefined ? {} : { body: made.body.text }),
    };
  });
}

/** A step of a path cannot be empty, and a client of HTTP takes dots away. */
function filledIn(value: string | undefined): string {
  return value === undefined || /^\.{0,2}$/.test(value) ? 'x' : value;
}

/** What a header may hold: a client refuses to send anything else. */
function asHeader(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, '') || 'x';
}

function textOf(values: fc.Arbitrary<unknown>, known: readonly string[] | undefined): fc.Arbitrary<string> {
  const texts = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  const sendable = texts.map(wellFormed);
  if (known === undefined || known.length === 0) return sendable;
  return fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: sendable });
}

/** What can be sent: half a character cannot. */
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

function bodyOf(
  { requestBody }: Operation,
  document: OpenApiDocument,
): fc.Arbitrary<{ type: string; text: string } | undefined> {
  if (requestBody === undefined) return fc.constant(undefined);
  const described = Object.entries(requestBody.content).map(([type, { schema = {} }]) =>
    valuesOf(schema, document).map((value) => ({
      type,
      text: typeof value === 'string' && !type.includes('json') ? wellFormed(value) : JSON.stringify(value),
    })),
  );
  const recipes = fc.constantFrom(...RECIPES).map((text) => ({ type: 'application/yaml', text }));
  const strange = fc.record({
    type: fc.constantFrom('application/json', 'application/yaml', 'text/plain', 'application/x-www-form-urlencoded'),
    text: fc.oneof(
      fc.string().map((text) => wellFormed(text)),
      fc.json(),
    ),
  });
  return fc.oneof(
    ...described.map((arbitrary) => ({ weight: 4, arbitrary })),
    { weight: 1, arbitrary: strange },
    { weight: 2, arbitrary: recipes },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

/** Recipes of which some are right: random text seldom is one. */
const RECIPES = [
  'merge_method: linear\nmodels: [one/a, one/b]\n',
  'merge_method: linear\nmodels: [one/a, nobody/nothing]\n',
  'merge_method: linear\nmodels: [one/a, one/b]\npublish: {hub: one/merged}\n',
  'merge_method: ties\nmodels: [one/a]\nbase_model: ../../etc/passwd\n',
  '- 1\n- [',
];

/** Values of a JSON Schema, as far as the document uses its words. */
function valuesOf(schema: Schema, document: OpenApiDocument): fc.Arbitrary<unknown> {
  const { $ref, anyOf, oneOf, allOf, const: only } = schema as Record<string, unknown>;
  const choices = schema.enum as unknown[] | undefined;
  if (typeof $ref === 'string')
    return valuesOf(document.components?.schemas?.[$ref.split('/').at(-1) ?? ''] ?? {}, document);
  if (only !== undefined) return fc.constant(only);
  if (choices !== undefined) return fc.constantFrom(...choices);
  const any = (anyOf ?? oneOf) as Schema[] | undefined;
  if (any !== undefined) return fc.oneof(...any.map((one) => valuesOf(one, document)));
  if (allOf !== undefined) return valuesOf(Object.assign({}, ...(allOf as Schema[])), document);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'string':
      return fc.string({ maxLength: 40 });
    case 'integer':
      return fc.integer({ min: -2, max: 1000 });
    case 'number':
      return fc.double({ noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(valuesOf((schema.items ?? {}) as Schema, document), { maxLength: 4 });
    case 'object':
      return objectsOf(schema, document);
    default:
      return fc.jsonValue();
  }
}

function objectsOf(schema: Schema, document: OpenApiDocument): fc.Arbitrary<unknown> {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  if (Object.keys(properties).length === 0)
    return fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue(), { maxKeys: 3 });
  const required = (schema.required ?? []) as string[];
  return fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, valuesOf(one, document)])),
    { requiredKeys: required as never[] },
  );
}
