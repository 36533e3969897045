import type { ChildProcess } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hubfuse } from './support/hubfuse.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hubfuse-serve-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Starts the server, waits for its address, lets `use` talk to it and ends it with a signal. */
async function serve(argv: string[], use: (url: string) => Promise<void>, signal: NodeJS.Signals = 'SIGTERM') {
  let child: ChildProcess | undefined;
  const ended = hubfuse(['serve-hub', ...argv, '--json'], { directory, onStart: (started) => (child = started) });
  const url = await new Promise<string>((found, fail) => {
    child?.stdout?.on('data', (text: string) => {
      const [, address] = /"url":"([^"]+)"/.exec(text) ?? [];
      if (address !== undefined) found(address);
    });
    ended.then(({ stderr }) => fail(new Error(stderr)), fail);
  });
  try {
    await use(url);
  } finally {
    child?.kill(signal);
  }
  return ended;
}

test('a folder of models is served, and the server ends on SIGTERM', async () => {
  const zoo = join(import.meta.dirname, '../examples/intents-tiny/base');
  await cp(zoo, join(directory, 'hub/me/base'), { recursive: true });
  const { code, lines } = await serve(['hub'], async (url) => {
    const config = await fetch(`${url}/me/base/resolve/main/config.json`);
    expect(await config.json()).toMatchObject({ model_type: 'bert' });
  });
  expect(code).toBe(0);
  expect(lines().at(-1)).toMatchObject({ event: 'result', imported: ['me/base'] });
});

test('it starts on a folder that does not exist, and Ctrl-C ends it', async () => {
  const { code } = await serve(
    ['new'],
    async (url) => {
      expect((await fetch(`${url}/api/models`)).ok).toBe(true);
    },
    'SIGINT',
  );
  expect(code).toBe(0);
});

test('accounts come from a file, and no message about it shows a token', async () => {
  await writeFile(join(directory, 'tokens.json'), JSON.stringify({ hf_secret: { name: 'me', role: 'write' } }));
  await serve(['hub', '--tokens', 'tokens.json'], async (url) => {
    const ask = (token: string) => fetch(`${url}/api/whoami-v2`, { headers: { authorization: `Bearer ${token}` } });
    expect(await (await ask('hf_secret')).json()).toMatchObject({ name: 'me' });
    expect((await ask('hf_other')).status).toBe(401);
  });
  await writeFile(join(directory, 'tokens.json'), JSON.stringify({ hf_secret: { role: 'admin' } }));
  const wrong = await hubfuse(['serve-hub', 'hub', '--tokens', 'tokens.json'], { directory });
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('tokens.json: account 1');
  expect(wrong.stderr).not.toContain('secret');
});
