import type { describeApi } from './describe-api.ts';

type Document = Awaited<ReturnType<typeof describeApi>>;

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  items?: Schema;
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  description?: string;
  format?: string;
}

interface Operation {
  tags?: string[];
  summary?: string;
  description?: string;
  security?: unknown[];
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: Schema }[];
  requestBody?: { required?: boolean; content: Record<string, { schema?: Schema }> };
  responses: Record<string, { description: string; content?: Record<string, { schema?: Schema }> }>;
}

const METHODS = ['get', 'post', 'put', 'delete'] as const;
const PROBLEM = 'application/problem+json';
/** Problems of every route, which are described once. */
const EVERYWHERE = new Set(['400', '401', '403', '404', '408', '413', '414', '415', '429', '500', '503']);

/** The documentation page of the HTTP API, in Markdown, from its OpenAPI document. */
export function renderApiReference(document: Document): string {
  const operations = operationsOf(document);
  const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>;
  return [
    '# The HTTP API',
    '',
    `${document.info.description}`,
    '',
    'A server describes itself at `/openapi.json` (OpenAPI 3.1) and shows that at `/docs`. This page is made from the same ' +
      'description. [Running a service](service.md) goes from nothing to a pull request that a webhook triggered.',
    '',
    ...INTRODUCTION,
    ...(document.tags ?? []).flatMap(({ name, description = '' }) => [
      `## ${capitalised(name)}`,
      '',
      description,
      '',
      ...operations.filter(({ operation }) => operation.tags?.[0] === name).flatMap(renderOperation),
    ]),
    '## Objects',
    '',
    ...Object.entries(schemas)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, schema]) => renderSchema(name, schema)),
  ].join('\n');
}

const INTRODUCTION = [
  '## Who asks',
  '',
  '`Authorization: Bearer hfk_...` names a key, which `hubfuse keys` makes. A key has scopes (`read` looks; `run` also starts',
  'and stops runs and stores recipes; `admin` may do everything) and namespaces of the Hub whose private repositories it reads',
  'with the token of the server, and where it publishes. A server on a loopback address wants no key until one exists; on any',
  'other address it does not start without one. Browsers exchange a key for a cookie at `POST /v1/session` and send its',
  '`csrf` as `X-CSRF-Token` with what changes something.',
  '',
  '## What is refused',
  '',
  'Refusals are problems as RFC 9457 describes them: `application/problem+json` with `status`, a stable `code`, `detail`, and',
  'where they help `pointer` (into the body) and `hint`. Everything that is wrong with a recipe comes at once, in `errors`.',
  'Any route may answer 400 (malformed), 401 (no key or an unknown one), 403 (a key that may not), 404, 408 (a body that does',
  'not come), 413 (too large), 415 (another media type), 429 (too often; `Retry-After` says when), 503 (the store or the Hub',
  'does not answer), and 500 for a fault of the server.',
  '',
];

interface Described {
  method: string;
  path: string;
  operation: Operation;
}

function operationsOf(document: Document): Described[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = (item as Record<string, Operation | undefined>)[method];
      return operation === undefined ? [] : [{ method: method.toUpperCase(), path, operation }];
    }),
  );
}

function renderOperation({ method, path, operation }: Described): string[] {
  const { summary = '', description, parameters = [], requestBody, responses, security } = operation;
  const lines = [`### ${method} ${path}`, '', `${summary}.`, ''];
  if (description !== undefined) lines.push(description, '');
  if (security?.length === 0) lines.push('Needs no key.', '');
  if (parameters.length > 0) {
    lines.push('| parameter | in | type | meaning |', '| --- | --- | --- | --- |');
    for (const { name, in: place, required, description: meaning = '', schema = {} } of parameters) {
      lines.push(
        `| \`${name}\`${required === true ? '' : ' (optional)'} | ${place} | ${typeOf(schema)} | ${cell(meaning)} |`,
      );
    }
    lines.push('');
  }
  if (requestBody !== undefined) {
    const forms = Object.entries(requestBody.content).map(
      ([type, { schema = {} }]) => `\`${type}\`: ${typeOf(schema)}`,
    );
    lines.push(`Body: ${forms.join(', or ')}.`, '');
  }
  for (const [status, response] of Object.entries(responses)) {
    const forms = Object.entries(response.content ?? {});
    const problem = forms.some(([type]) => type === PROBLEM);
    if (problem && EVERYWHERE.has(status)) continue;
    const what = problem ? '' : forms.map(([type, { schema = {} }]) => ` \`${type}\`: ${typeOf(schema)}.`).join('');
    lines.push(`- **${status}** ${response.description}${response.description.endsWith('.') ? '' : '.'}${what}`);
  }
  lines.push('');
  return lines;
}

function renderSchema(name: string, schema: Schema): string[] {
  const lines = [`### ${name}`, ''];
  if (schema.description !== undefined) lines.push(schema.description, '');
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) return [...lines, `${typeOf(schema)}.`, ''];
  lines.push('| field | type | meaning |', '| --- | --- | --- |');
  for (const [field, one] of properties) {
    const optional = schema.required?.includes(field) === true ? '' : ' (optional)';
    lines.push(`| \`${field}\`${optional} | ${typeOf(one)} | ${cell(one.description ?? '')} |`);
  }
  lines.push('');
  return lines;
}

function typeOf(schema: Schema): string {
  const { $ref, enum: choices, items, anyOf, type, format } = schema;
  if ($ref !== undefined) {
    const name = $ref.split('/').at(-1) ?? '';
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (choices !== undefined) return choices.map((choice) => `\`${String(choice)}\``).join(', ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' or ');
  if (items !== undefined) return `list of ${typeOf(items)}`;
  if (format === 'binary') return 'bytes';
  if (schema.properties !== undefined)
    return `{${Object.keys(schema.properties)
      .map((name) => `\`${name}\``)
      .join(', ')}}`;
  return Array.isArray(type) ? type.join(' or ') : (type ?? 'anything');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function capitalised(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}
