import type { OpenAPIHono } from '@hono/zod-openapi';
import { HUBFUSE_VERSION } from '@hubfuse/hub';
import type { ApiEnv } from './http/api-env.ts';

type Document = ReturnType<OpenAPIHono<ApiEnv>['getOpenAPI31Document']>;

/** Declares how callers show who they are. */
export function documentSecurity(app: OpenAPIHono<ApiEnv>): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: 'A key: `hfk_...`. A server on a loopback address wants none until one exists.',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'hubfuse_session',
    description: 'The cookie of `POST /v1/session`; what changes something needs `X-CSRF-Token` as well.',
  });
}

/** The description of all routes, OpenAPI 3.1. */
export function openApiDocument(app: OpenAPIHono<ApiEnv>): Document {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'hubfuse',
      version: HUBFUSE_VERSION,
      description:
        'Merges models of the Hugging Face Hub by URL, scores the result, and publishes it where it got better. Errors are ' +
        'problems as RFC 9457 describes them, with a stable `code`.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }, { session: [] }],
    tags: [
      { name: 'plans', description: 'What a recipe would do.' },
      { name: 'runs', description: 'One execution of a recipe each.' },
      { name: 'recipes', description: 'Stored recipes, and what a recipe may name.' },
      { name: 'webhooks', description: 'What the Hub tells the service.' },
      { name: 'keys', description: 'Who may do what.' },
      { name: 'sessions', description: 'Browsers.' },
      { name: 'service', description: 'The process itself.' },
    ],
  });
}
