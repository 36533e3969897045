import { Hono } from 'hono';
import { parse } from 'yaml';
import { yamlOf } from '../http/card.ts';
import { asString, type Hub, type HubEnv, jsonBody, openRepo } from '../http/request.ts';

/** Questions that change nothing: may I read, may I write, is this card well-formed. */
export function checkRoutes(hub: Hub): Hono<HubEnv> {
  const app = new Hono<HubEnv>();
  const base = '/api/:types{models|datasets}/:namespace/:name/auth-check';

  app.get(base, async (c) => {
    await openRepo(hub, c, 'files');
    return c.json({});
  });

  app.get(`${base}/write`, async (c) => {
    await openRepo(hub, c, 'write');
    return c.json({});
  });

  // huggingface_hub asks before every commit that changes README.md.
  app.post('/api/validate-yaml', async (c) => {
    const yaml = yamlOf(asString((await jsonBody(c)).content));
    const problem = yaml === undefined ? undefined : problemOf(yaml);
    if (problem === undefined) return c.json({ errors: [], warnings: [] });
    return c.json({ errors: [{ message: problem }], warnings: [] }, 400);
  });
  return app;
}

function problemOf(yaml: string): string | undefined {
  try {
    const data: unknown = parse(yaml, { logLevel: 'silent' });
    const plain = data === null || (typeof data === 'object' && !Array.isArray(data));
    return plain ? undefined : 'the front matter must be a mapping of keys to values';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
