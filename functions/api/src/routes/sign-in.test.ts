import { listAll } from '@hubfuse/objects';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type OpenIdDouble, startOpenIdDouble } from '../../test/open-id-double.ts';
import { testServices } from '../../test/services.ts';
import { type ApiServer, startServer } from '../server.ts';
import type { ApiServices } from '../services.ts';
import type { Admission } from '../sign-in/sign-in.ts';

let provider: OpenIdDouble;
let server: ApiServer | undefined;
let services: ApiServices;
beforeEach(async () => {
  provider = await startOpenIdDouble();
});
afterEach(async () => {
  await server?.close();
  await provider.close();
});

async function serve(admissions: readonly Admission[] = [{ who: 'ana', scope: 'admin' }]): Promise<string> {
  services = await testServices({
    publicUrl: undefined,
    signIn: { clientId: 'app', clientSecret: 'app-secret', provider: provider.url, admissions },
    framedBy: 'https://huggingface.co',
    dashboard: new Map([
      ['/', { body: new TextEncoder().encode('<p>hello'), contentType: 'text/html', immutable: false }],
    ]),
  });
  server = await startServer(services);
  return server.url;
}

/** A browser as far as this takes one: it keeps cookies and follows what it is led to one step at a time. */
class Browser {
  readonly cookies = new Map<string, string>();

  async open(address: string, init: RequestInit = {}): Promise<Response & { location: string }> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(address, { ...init, redirect: 'manual', headers: { ...init.headers, cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/Max-Age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return Object.assign(response, { location: response.headers.get('location') ?? '' });
  }

  /** From the button to where the Hub leads back to; that address itself is not opened. */
  async towardsCallback(url: string): Promise<string> {
    const toHub = await this.open(`${url}/login/huggingface`);
    return (await fetch(toHub.location, { redirect: 'manual' })).headers.get('location') ?? '';
  }

  async signIn(url: string): Promise<Response & { location: string }> {
    return await this.open(await this.towardsCallback(url));
  }
}

test('an admitted account gets a session with its scope and its namespaces; its token stays nowhere', async () => {
  const url = await serve();
  provider.account.orgs = [
    { preferred_username: 'team', roleInOrg: 'write' },
    { preferred_username: 'readers', roleInOrg: 'read' },
    { preferred_username: 'strict', roleInOrg: 'admin', securityRestrictions: ['mfa'] },
  ];
  expect((await fetch(`${url}/v1/runs`)).status).toBe(401);
  expect(await (await fetch(`${url}/v1/sign-in`)).json()).toEqual({ huggingface: true });
  const browser = new Browser();
  const back = await browser.signIn(url);
  expect([back.status, back.location]).toEqual([303, `${url}/`]);
  const [cookie] = back.headers.getSetCookie().filter((line) => line.startsWith('hubfuse_session'));
  expect(cookie).toMatch(/HttpOnly/);
  expect(cookie).toMatch(/SameSite=Strict/);
  const session = (await (await browser.open(`${url}/v1/session`)).json()) as { csrf: string };
  expect(session).toMatchObject({
    ...{ name: 'account ana', scopes: ['admin'], namespaces: ['ana', 'team'], by: 'session' },
  });
  // A session changes something with its word against forged requests only, as any other.
  const end = (headers: Record<string, string>) => browser.open(`${url}/v1/session`, { method: 'DELETE', headers });
  expect((await end({})).status).toBe(403);
  expect((await end({ 'x-csrf-token': session.csrf })).status).toBe(204);
  expect((await browser.open(`${url}/v1/session`)).status).toBe(401);
  const stored: string[] = [];
  for await (const key of listAll(services.store, '')) {
    stored.push(Buffer.from((await services.store.get(key))?.body ?? []).toString());
  }
  expect(stored.join()).toContain('account ana');
  expect(stored.join()).not.toContain('hf_oauth_');
});

test('an account is one key, which has what it may do now, and whose end keeps it out', async () => {
  const url = await serve([
    { who: 'team', scope: 'run' },
    { who: '*', scope: 'read' },
  ]);
  await new Browser().signIn(url);
  expect(await services.keys.list()).toMatchObject([{ name: 'account ana', account: 'ana', scopes: ['read'] }]);
  provider.account = { sub: 'u1', preferred_username: 'ana2', orgs: [{ preferred_username: 'Team' }] };
  const browser = new Browser();
  await browser.signIn(url);
  const [key, ...others] = await services.keys.list();
  expect(others).toEqual([]);
  expect(key).toMatchObject({ account: 'ana2', scopes: ['run'], namespaces: ['ana2'] });
  await services.keys.revoke(key?.id ?? '');
  expect((await browser.open(`${url}/v1/session`)).status).toBe(401);
  expect((await new Browser().signIn(url)).status).toBe(403);
});

test('an account that nobody admitted is told so, on a page', async () => {
  const url = await serve();
  provider.account = { sub: 'u2', preferred_username: 'eve', orgs: [] };
  const browser = new Browser();
  const refused = await browser.signIn(url);
  expect(refused.status).toBe(403);
  expect(refused.headers.get('content-type')).toMatch(/html/);
  expect(await refused.text()).toContain('the account eve may not use this server');
  expect(browser.cookies.has('hubfuse_session')).toBe(false);
  expect(await services.keys.list()).toEqual([]);
});

test('a callback of another browser, of another attempt, or a second time is refused', async () => {
  const url = await serve();
  const ana = new Browser();
  const callback = await ana.towardsCallback(url);
  // Somebody is led to the callback of an attempt that is not theirs.
  expect((await new Browser().open(callback)).status).toBe(403);
  const other = new Browser();
  await other.towardsCallback(url);
  expect((await other.open(callback)).status).toBe(403);
  const changed = new URL(callback);
  changed.searchParams.set('state', 'x'.repeat(43));
  const careless = new Browser();
  await careless.towardsCallback(url);
  expect((await careless.open(changed.href)).status).toBe(403);
  expect((await ana.open(callback)).status).toBe(303);
  expect((await ana.open(callback)).status).toBe(403);
});

test('a code that was stolen from one attempt is worth nothing in another', async () => {
  const url = await serve();
  const stolen = new URL(await new Browser().towardsCallback(url)).searchParams.get('code') ?? '';
  const thief = new Browser();
  const own = new URL(await thief.towardsCallback(url));
  own.searchParams.set('code', stolen);
  expect((await thief.open(own.href)).status).toBe(502);
  expect(thief.cookies.has('hubfuse_session')).toBe(false);
});

test.each([
  ['another issuer', { iss: 'https://evil.example' }],
  ['another app', { aud: 'other' }],
  ['old', { exp: 1 }],
  ['another attempt', { nonce: 'x' }],
  ['somebody else', { sub: 'u9' }],
])('an ID token that is of %s lets nobody in', async (_, claims) => {
  const url = await serve();
  provider.claims = claims;
  const browser = new Browser();
  expect((await browser.signIn(url)).status).toBe(502);
  expect(browser.cookies.has('hubfuse_session')).toBe(false);
});

test('a provider that gives no ID token, and one that is refused', async () => {
  const url = await serve();
  provider.claims = null;
  expect((await new Browser().signIn(url)).status).toBe(303);
  provider.refusal = 'access_denied';
  const refused = await new Browser().signIn(url);
  expect(refused.status).toBe(403);
  expect(await refused.text()).toContain('you did not let this server know who you are');
});

test('a provider whose endpoints lie elsewhere is not spoken to', async () => {
  const url = await serve();
  provider.origin = 'http://169.254.169.254';
  const response = await fetch(`${url}/login/huggingface`, { redirect: 'manual' });
  expect(response.status).toBe(502);
  expect(await response.text()).toContain('no token_endpoint of its own');
  // It is asked again, and may have been mended.
  provider.origin = provider.url;
  expect((await new Browser().signIn(url)).status).toBe(303);
});

test('the page may be framed by the Hub alone; without settings there is no way to sign in', async () => {
  const url = await serve();
  const page = await fetch(`${url}/`);
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'self' https://huggingface.co");
  expect(page.headers.get('x-frame-options')).toBeNull();
  expect((await fetch(`${url}/v1/sign-in`)).headers.get('x-frame-options')).toBe('DENY');
  await server?.close();
  server = await startServer(await testServices({ publicUrl: undefined }));
  expect(await (await fetch(`${server.url}/v1/sign-in`)).json()).toEqual({ huggingface: false });
  expect((await fetch(`${server.url}/login/huggingface`)).status).toBe(404);
});
