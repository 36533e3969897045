import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dashboardFiles } from '@hubfuse/dashboard';
import { METHODS, SCHEMA, TASKS } from './fixture-extensions.ts';
import { closed, refuse, send, textOf } from './fixture-http.ts';
import { mistake, read, recipeIn } from './fixture-mistakes.ts';
import { fixtureEvents, fixtureRuns, PLAN } from './fixture-runs.ts';

/** The policy under which the service serves the pages. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export const FIXTURE_KEY = 'hfk_fixture';
export const FIXTURE_CSRF = 'the-word-against-forgery';

export interface FixtureServer {
  url: string;
  /** Requests that changed something, in order. */
  changes: { method: string; path: string; body: string; headers: IncomingMessage['headers'] }[];
  /** Makes it ask for the key from now on, or not. */
  requireKey(required: boolean): void;
  /** Whether accounts of the Hub sign in, beside keys. */
  offerHuggingFace(offered: boolean): void;
  /** Answers lists as a server does that has nothing. */
  empty(isEmpty: boolean): void;
  /** Whether runs go on with a token of the caller's alone. */
  wantToken(wanted: boolean): void;
  /** Ends every open stream, as a network does. */
  cutStreams(): void;
  /** Adds an event to a run and tells whoever follows it. */
  tell(id: string, event: Record<string, unknown>): void;
  progress(id: string, progress: Record<string, unknown>): void;
  /** Changes what the server says of a run. */
  change(id: string, fields: Record<string, unknown>): void;
  close(): Promise<void>;
}

/** A server that answers like the service, from fixed runs. It keeps what is put, and starts nothing. */
export async function startFixtureServer(): Promise<FixtureServer> {
  const files = await dashboardFiles();
  const runs = fixtureRuns();
  const events = new Map([...runs.keys()].map((id) => [id, fixtureEvents(id)]));
  const recipes = new Map<string, { text: string; etag: number }>([
    ['support-intents', { text: String(runs.get('support-intents-done')?.recipe), etag: 1 }],
  ]);
  const streams = new Set<{ id: string; response: ServerResponse }>();
  const state = { keyRequired: false, empty: false, huggingface: false, tokenWanted: false };
  const changes: FixtureServer['changes'] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fixture');
    const file = files.get(url.pathname);
    if (file !== undefined) {
      response.writeHead(200, { 'content-type': file.contentType, 'content-security-policy': POLICY }).end(file.body);
      return;
    }
    const body = await textOf(request);
    const method = request.method ?? 'GET';
    const signedIn = /(?:^|; )hubfuse_session=signed-in/.test(request.headers.cookie ?? '');
    if (method === 'POST' && url.pathname === '/v1/session') {
      signIn(response, JSON.parse(body).key);
      return;
    }
    if (url.pathname === '/v1/sign-in') {
      send(response, 200, { huggingface: state.huggingface });
      return;
    }
    if (state.keyRequired && !signedIn) {
      refuse(response, 401, { code: 'auth/no-key', detail: 'the server wants to know who asks' });
      return;
    }
    if (method !== 'GET' && signedIn && request.headers['x-csrf-token'] !== FIXTURE_CSRF) {
      refuse(response, 403, {
        code: 'auth/csrf',
        detail: 'a session may change something only with its X-CSRF-Token',
      });
      return;
    }
    if (method !== 'GET' && url.pathname !== '/v1/plans')
      changes.push({ method, path: url.pathname, body, headers: request.headers });
    route({ request, response, url, method, body, signedIn });
    return;
  }

  function signIn(response: ServerResponse, key: unknown): void {
    if (key !== FIXTURE_KEY) {
      refuse(response, 401, { code: 'auth/bad-key', detail: 'the server does not know this key' });
      return;
    }
    response.setHeader('set-cookie', 'hubfuse_session=signed-in; HttpOnly; SameSite=Strict; Path=/');
    send(response, 200, session(true));
    return;
  }

  function route(asked: {
    request: IncomingMessage;
    response: ServerResponse;
    url: URL;
    method: string;
    body: string;
    signedIn: boolean;
  }): void {
    const { request, response, url, method, body, signedIn } = asked;
    const [, , group = '', name = '', part = ''] = url.pathname.split('/').map(decodeURIComponent);
    if (group === 'session' && method === 'DELETE') {
      response.setHeader('set-cookie', 'hubfuse_session=; Path=/; Max-Age=0');
      response.writeHead(204).end();
    } else if (group === 'session') send(response, 200, session(signedIn));
    else if (group === 'methods') send(response, 200, { items: METHODS });
    else if (group === 'tasks') send(response, 200, { items: TASKS });
    else if (group === 'schema') send(response, 200, SCHEMA);
    else if (group === 'plans') plan(response, recipeIn(body));
    else if (group === 'runs' && name === '') method === 'POST' ? start(response, body) : list(response, url);
    else if (group === 'runs') runRoute({ request, response, method, id: name, part });
    else if (group === 'recipes') recipeRoute({ request, response, method, name, body });
    else refuse(response, 404, { code: 'request/unknown-path', detail: 'there is nothing at this path' });
  }

  function list(response: ServerResponse, url: URL): void {
    const wanted = url.searchParams.get('state');
    const model = url.searchParams.get('model');
    const after = url.searchParams.get('cursor');
    const all = state.empty ? [] : [...runs.values()];
    const matching = all.filter(
      (run) =>
        (wanted === null || run.state === wanted) &&
        (model === null || (run.models as { name: string }[]).some(({ name }) => name === model)),
    );
    const items = (after === null ? matching.slice(0, 5) : matching.slice(5)).map((run) => ({
      ...{ id: run.id, name: run.name, state: run.state, createdAt: run.createdAt, updatedAt: run.updatedAt },
      ...{ method: run.method, published: run.published !== undefined && (run.published as unknown[]).length > 0 },
      models: (run.models as { name: string; role: string }[]).flatMap(({ name, role }) =>
        role === 'model' ? [name] : [],
      ),
      ...(run.scores === undefined ? {} : { score: 0.9043, bestParent: 0.578 }),
      ...(run.progress === undefined ? {} : { progress: run.progress }),
    }));
    send(response, 200, { items, ...(after === null && matching.length > 5 ? { next: '5' } : {}) });
  }

  function start(response: ServerResponse, body: string): void {
    const recipe = recipeIn(body);
    const first = mistake(recipe);
    if (first !== undefined) {
      refuse(response, 422, first);
      return;
    }
    const base = runs.get('support-intents-live');
    const id = `started-${runs.size}`;
    runs.set(id, {
      ...base,
      id,
      name: 'started',
      state: 'queued',
      phases: [{ name: 'resolve', status: 'waiting' }],
      plan: undefined,
      progress: undefined,
    });
    events.set(id, []);
    send(response, 201, runs.get(id));
  }

  function plan(response: ServerResponse, recipe: unknown): void {
    const problem = mistake(recipe);
    if (problem === undefined) send(response, 200, PLAN);
    else refuse(response, 422, problem);
  }

  function runRoute(asked: {
    request: IncomingMessage;
    response: ServerResponse;
    method: string;
    id: string;
    part: string;
  }): void {
    const { request, response, method, id, part } = asked;
    const run = runs.get(id);
    if (run === undefined) {
      refuse(response, 404, {
        code: 'run/unknown',
        detail: `there is no run "${id}"`,
        hint: 'GET /v1/runs lists the runs that this key may see',
      });
      return;
    }
    if (part === 'events') {
      stream(request, response, id);
      return;
    }
    if (part === 'artefacts') {
      const items =
        run.state === 'done'
          ? [
              {
                path: 'model.safetensors',
                size: 133_922_142,
                sha256: 'a'.repeat(64),
                url: `/v1/runs/${id}/artefacts/model.safetensors`,
              },
            ]
          : [];
      send(response, 200, { items });
      return;
    }
    if (method === 'DELETE') {
      runs.delete(id);
      response.writeHead(204).end();
      return;
    }
    if (method === 'POST') {
      if (part === 'cancel') run.state = 'cancelled';
      if (part === 'retry' && state.tokenWanted && request.headers['x-hf-token'] === undefined) {
        refuse(response, 400, {
          code: 'service/token-needed',
          detail: `the run "${id}" reads with a token of its caller's, which was wiped when it ended`,
          hint: 'send the token again',
        });
        return;
      }
      if (part === 'retry') run.state = 'queued';
      if (part === 'publish') run.state = 'publishing';
      send(response, 202, run);
      return;
    }
    send(response, 200, run);
  }

  function stream(request: IncomingMessage, response: ServerResponse, id: string): void {
    const after = Number(request.headers['last-event-id'] ?? 0);
    const told = events.get(id) ?? [];
    const over = ['done', 'failed', 'cancelled'].includes(runs.get(id)?.state ?? '');
    if (over && after >= told.length && after > 0) {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('retry: 2000\n\n');
    for (const event of told.slice(after)) response.write(`id: ${event.number}\ndata: ${JSON.stringify(event)}\n\n`);
    if (over) {
      response.end('event: end\ndata: {}\n\n');
      return;
    }
    const open = { id, response };
    streams.add(open);
    response.on('close', () => streams.delete(open));
  }

  function recipeRoute(asked: {
    request: IncomingMessage;
    response: ServerResponse;
    method: string;
    name: string;
    body: string;
  }): void {
    const { request, response, method, name, body } = asked;
    if (name === '') {
      send(response, 200, {
        items: state.empty ? [] : [...recipes].map(([one, stored]) => summary(one, stored)),
      });
      return;
    }
    const stored = recipes.get(name);
    const wanted = request.headers['if-match'];
    if (method === 'PUT') {
      if (wanted === undefined ? stored !== undefined : wanted !== `"${stored?.etag}"`) {
        refuse(response, 412, {
          code: 'service/etag-mismatch',
          detail: `the stored recipe "${name}" is another version by now`,
        });
        return;
      }
      const problem = mistake(read(body));
      if (problem !== undefined) {
        refuse(response, 422, problem);
        return;
      }
      recipes.set(name, { text: body, etag: (stored?.etag ?? 0) + 1 });
    } else if (stored === undefined) {
      refuse(response, 404, { code: 'service/unknown-recipe', detail: `there is no recipe "${name}"` });
      return;
    }
    if (method === 'DELETE') {
      recipes.delete(name);
      response.writeHead(204).end();
      return;
    }
    const now = recipes.get(name) ?? { text: '', etag: 0 };
    response.setHeader('etag', `"${now.etag}"`);
    send(response, 200, { ...summary(name, now), text: now.text });
  }

  function summary(name: string, { text, etag }: { text: string; etag: number }) {
    const recipe = read(text) as { merge_method?: string; models?: string[] };
    return {
      ...{ name, etag: String(etag), createdAt: '2026-11-20T08:00:00.000Z', updatedAt: '2026-11-29T08:00:00.000Z' },
      ...{ method: recipe.merge_method, models: recipe.models ?? [], schedule: '0 3 * * 1' },
      notes: [
        {
          code: 'parent/gated',
          message: 'hubfuse-examples/intents-travel asks for its terms to be accepted',
          at: '2026-11-29T08:00:00.000Z',
          repo: 'hubfuse-examples/intents-travel',
        },
      ],
      lastRun: {
        id: 'support-intents-done',
        state: 'done',
        updatedAt: '2026-11-30T07:52:00.000Z',
        published: true,
        score: 0.9043,
        bestParent: 0.578,
      },
    };
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    changes,
    wantToken(wanted) {
      state.tokenWanted = wanted;
    },
    offerHuggingFace(offered) {
      state.huggingface = offered;
    },
    requireKey(required) {
      state.keyRequired = required;
    },
    empty(isEmpty) {
      state.empty = isEmpty;
    },
    cutStreams() {
      for (const { response } of streams) response.destroy();
    },
    tell(id, body) {
      const told = events.get(id) ?? [];
      const event = { number: told.length + 1, time: new Date().toISOString(), ...body };
      told.push(event);
      events.set(id, told);
      for (const open of streams)
        if (open.id === id) open.response.write(`id: ${event.number}\ndata: ${JSON.stringify(event)}\n\n`);
    },
    progress(id, progress) {
      for (const open of streams)
        if (open.id === id) open.response.write(`event: progress\ndata: ${JSON.stringify(progress)}\n\n`);
    },
    change(id, fields) {
      const run = runs.get(id);
      if (run !== undefined) Object.assign(run, fields);
    },
    close: () => closed(server),
  };
}

function session(signedIn: boolean) {
  const shared = { scopes: ['read', 'run', 'admin'], namespaces: ['*'] };
  return signedIn
    ? { name: 'laptop', ...shared, by: 'session', csrf: FIXTURE_CSRF }
    : { name: 'this machine', ...shared, by: 'nothing' };
}
