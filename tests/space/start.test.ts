import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { type OpenIdDouble, startOpenIdDouble } from '../../functions/api/test/open-id-double.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { freePort } from '../support/free-port.ts';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

let hub: ExampleHub;
let provider: OpenIdDouble;
let space: ChildProcess | undefined;
beforeAll(async () => {
  hub = await startExampleHub();
  provider = await startOpenIdDouble();
});
afterAll(async () => {
  if (space !== undefined) {
    const ended = new Promise((resolve) => space?.on('close', resolve));
    space.kill('SIGTERM');
    await ended;
  }
  await provider.close();
  await hub.close();
});

test('a Space with the variables of the Hub lets its owner in, over the front door that speaks TLS, and nobody else', async () => {
  const port = String(await freePort());
  let said = '';
  space = spawn(process.execPath, [at('examples/space/start.mjs')], {
    env: {
      ...{
        PATH: process.env.PATH,
        ...hub.variables,
        HF_TOKEN: 'hf_ana',
        HUBFUSE_BIN: at('packages/cli/bin/hubfuse.js'),
      },
      ...{ OAUTH_CLIENT_ID: 'app', OAUTH_CLIENT_SECRET: 'app-secret', OAUTH_SCOPES: 'openid profile read-memberships' },
      ...{ OPENID_PROVIDER_URL: provider.url, SPACE_HOST: 'ana-hubfuse.hf.space', SPACE_AUTHOR_NAME: 'ana' },
      ...{ HUBFUSE_MASTER_KEY: 'a'.repeat(64), PORT: port },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [space.stdout, space.stderr]) stream?.setEncoding('utf8').on('data', (text) => (said += text));
  await vi.waitFor(() => expect(said).toContain('serving'), { timeout: 60_000, interval: 100 });
  const url = `http://127.0.0.1:${port}`;
  expect((await fetch(`${url}/v1/runs`)).status).toBe(401);
  const page = await fetch(`${url}/`);
  expect(page.headers.get('content-security-policy')).toContain('https://huggingface.co');

  const signIn = async (): Promise<Response> => {
    const toHub = await fetch(`${url}/login/huggingface`, { redirect: 'manual' });
    const cookie = toHub.headers.getSetCookie()[0] ?? '';
    expect(cookie).toMatch(/Secure/);
    const back = await fetch(toHub.headers.get('location') ?? '', { redirect: 'manual' });
    const callback = new URL(back.headers.get('location') ?? '');
    expect(callback.origin).toBe('https://ana-hubfuse.hf.space');
    return await fetch(`${url}${callback.pathname}${callback.search}`, {
      redirect: 'manual',
      headers: { cookie: cookie.split(';')[0] ?? '' },
    });
  };
  const entered = await signIn();
  expect([entered.status, entered.headers.get('location')]).toEqual([303, 'https://ana-hubfuse.hf.space/']);
  const cookie = entered.headers.getSetCookie().find((line) => line.startsWith('hubfuse_session')) ?? '';
  const session = await fetch(`${url}/v1/session`, { headers: { cookie: cookie.split(';')[0] ?? '' } });
  expect(await session.json()).toMatchObject({ name: 'account ana', scopes: ['admin'] });
  provider.account = { sub: 'u2', preferred_username: 'eve', orgs: [] };
  expect((await signIn()).status).toBe(403);
  expect(said).not.toContain('app-secret');
}, 120_000);

test('the front matter is what the Hub reads', async () => {
  const text = await readFile(at('examples/space/README.md'), 'utf8');
  const front = parse(text.split('---')[1] ?? '') as Record<string, unknown>;
  expect(front).toMatchObject({ sdk: 'docker', app_port: 7860, hf_oauth: true });
  expect(String(front.short_description).length).toBeLessThanOrEqual(60);
  expect(await readFile(at('examples/space/Dockerfile'), 'utf8')).toContain(`EXPOSE ${front.app_port}`);
});
