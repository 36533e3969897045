import { z } from 'zod';
import type { OpenApiDocument, Schema } from './openapi-requests.ts';

/** An answer as far as a document can describe it. */
export interface Answered {
  method: string;
  route: string;
  status: number;
  type: string;
  text: string;
}

/** Says what about an answer the document does not describe; undefined where it describes all of it. */
export class DescribedAnswers {
  readonly #document: OpenApiDocument;
  readonly #schemas = new Map<string, z.ZodType>();

  constructor(document: OpenApiDocument) {
    this.#document = document;
  }

  problemOf({ method, route, status, type, text }: Answered): string | undefined {
    const where = `${method} ${route} ${status}`;
    const response = this.#document.paths[route]?.[method.toLowerCase()]?.responses[String(status)];
    if (response === undefined) return `${where}: the status is not described`;
    if (response.content === undefined) return text === '' ? undefined : `${where}: a body is not described`;
    const essence = type.split(';')[0]?.trim() ?? '';
    const media = response.content[essence] ?? response.content['*/*'];
    if (media === undefined) return `${where}: the type "${essence}" is not described`;
    if (!essence.includes('json') || media.schema === undefined) return undefined;
    const key = `${where} ${essence}`;
    const schema = this.#schemas.get(key) ?? this.#compile(media.schema);
    this.#schemas.set(key, schema);
    const checked = schema.safeParse(JSON.parse(text));
    return checked.success
      ? undefined
      : `${where}: ${JSON.stringify(checked.error.issues[0])} in ${text.slice(0, 300)}`;
  }

  #compile(schema: Schema): z.ZodType {
    const defined = JSON.parse(
      JSON.stringify({ ...schema, $defs: this.#document.components?.schemas ?? {} }).replaceAll(
        '#/components/schemas/',
        '#/$defs/',
      ),
    ) as Parameters<typeof z.fromJSONSchema>[0];
    return z.fromJSONSchema(defined);
  }
}
