import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Grant {
  client: string;
  redirect: string;
  challenge: string;
  nonce: string | undefined;
}

/** An OpenID provider with one app and one account, which says yes at once. */
export interface OpenIdDouble {
  url: string;
  /** What the account is; may be changed. */
  account: Record<string, unknown>;
  /** Changes claims of ID tokens; `null`: gives none. */
  claims: Record<string, unknown> | null;
  /** What a browser is led back with, in the place of a code. */
  refusal: string | undefined;
  /** Origin of the endpoints that it names. */
  origin: string;
  close(): Promise<void>;
}

/** Gives codes for `app` with the secret `app-secret`, and takes each once, from whoever knows its verifier. */
export async function startOpenIdDouble(): Promise<OpenIdDouble> {
  const grants = new Map<string, Grant>();
  const tokens = new Set<string>();
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const double: OpenIdDouble = {
    url,
    account: { sub: 'u1', preferred_username: 'ana', name: 'Ana', orgs: [] },
    claims: {},
    refusal: undefined,
    origin: url,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return double;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    if (pathname === '/.well-known/openid-configuration') {
      send(response, 200, {
        issuer: url,
        authorization_endpoint: `${url}/oauth/authorize`,
        token_endpoint: `${double.origin}/oauth/token`,
        userinfo_endpoint: `${url}/oauth/userinfo`,
      });
    } else if (pathname === '/oauth/authorize') authorise(response, searchParams);
    else if (pathname === '/oauth/token') exchange(request, response, new URLSearchParams(await textOf(request)));
    else if (pathname === '/oauth/userinfo' && tokens.has(request.headers.authorization ?? '')) {
      send(response, 200, double.account);
    } else send(response, 401, { error: 'invalid_token' });
  }

  function authorise(response: ServerResponse, query: URLSearchParams): void {
    const back = new URL(query.get('redirect_uri') ?? '');
    if (query.get('client_id') !== 'app' || query.get('code_challenge_method') !== 'S256') {
      send(response, 400, { error: 'invalid_request' });
      return;
    }
    back.searchParams.set('state', query.get('state') ?? '');
    if (double.refusal === undefined) {
      const code = randomBytes(16).toString('hex');
      const [client, redirect] = ['app', query.get('redirect_uri') ?? ''];
      const challenge = query.get('code_challenge') ?? '';
      grants.set(code, { client, redirect, challenge, nonce: query.get('nonce') ?? undefined });
      back.searchParams.set('code', code);
    } else back.searchParams.set('error', double.refusal);
    response.writeHead(302, { location: back.href }).end();
  }

  function exchange(request: IncomingMessage, response: ServerResponse, form: URLSearchParams): void {
    const code = form.get('code') ?? '';
    const grant = grants.get(code);
    grants.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const known = request.headers.authorization === `Basic ${Buffer.from('app:app-secret').toString('base64')}`;
    const fits = grant?.challenge === challenge && grant.redirect === form.get('redirect_uri');
    if (!known || !fits) {
      send(response, known ? 400 : 401, { error: known ? 'invalid_grant' : 'invalid_client' });
      return;
    }
    const access = `hf_oauth_${randomBytes(8).toString('hex')}`;
    tokens.add(`Bearer ${access}`);
    const exp = Math.floor(Date.now() / 1000) + 600;
    const claims = { iss: url, aud: 'app', exp, sub: double.account.sub, nonce: grant.nonce, ...double.claims };
    const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url');
    const identity = `${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmVk`;
    send(response, 200, {
      ...{ access_token: access, token_type: 'bearer', expires_in: 600 },
      ...(double.claims === null ? {} : { id_token: identity }),
    });
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

function send(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
}
