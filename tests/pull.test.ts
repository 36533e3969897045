import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importFolder } from '@hubfuse/hub-server';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ExampleHub, startExampleHub } from './support/example-hub.ts';
import { hubfuse } from './support/hubfuse.ts';

const ZOO = join(import.meta.dirname, '../examples/intents-tiny');
let hub: ExampleHub;

beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(() => hub.close());
beforeEach(() => hub.setFaults([]));

/** Runs with a cache of its own. */
function pull(argv: string[], cache: string, variables: Record<string, string> = {}) {
  const all = { ...hub.variables, HF_HOME: join(hub.work, cache), ...variables };
  return hubfuse(['pull', ...argv], { variables: all, directory: hub.work });
}

test('a model named by its address is copied byte for byte', async () => {
  const { code, last } = await pull([`${hub.url}/hubfuse-examples/intents-money`, '--out', 'money', '--json'], 'a');
  expect(code).toBe(0);
  expect(last()).toMatchObject({ event: 'result', name: 'hubfuse-examples/intents-money' });
  const copied = await readFile(join(hub.work, 'money', 'model.safetensors'));
  expect(copied.equals(await readFile(join(ZOO, 'money', 'model.safetensors')))).toBe(true);
});

test('what the cache holds is listed and can be removed', async () => {
  await pull(['hubfuse-examples/intents-base'], 'b');
  const variables = { ...hub.variables, HF_HOME: join(hub.work, 'b') };
  const listed = await hubfuse(['cache', '--json'], { variables });
  expect(listed.last()).toMatchObject({ repos: [{ repo: 'hubfuse-examples/intents-base', type: 'model' }] });
  const removed = await hubfuse(['cache', '--remove', 'hubfuse-examples/intents-base'], { variables });
  expect(removed.stdout).toMatch(/^removed hubfuse-examples\/intents-base \(3\.\d+ MB\)\n$/);
  expect((await hubfuse(['cache', '--json'], { variables })).last()).toMatchObject({ repos: [] });
});

test('a file that arrives damaged is never left under its name', async () => {
  hub.setFaults([{ kind: 'flip', byte: 100_000, path: 'model.safetensors', times: 1000 }]);
  const { code, stderr } = await pull(['hubfuse-examples/intents-home', '--out', 'home'], 'c');
  expect(code).toBe(4);
  expect(stderr).toContain('model.safetensors');
  expect(stderr).not.toContain('    at ');
  hub.setFaults([]);
  const again = await pull(['hubfuse-examples/intents-home', '--out', 'home'], 'c');
  expect(again.code).toBe(0);
  const copied = await readFile(join(hub.work, 'home', 'model.safetensors'));
  expect(copied.equals(await readFile(join(ZOO, 'home', 'model.safetensors')))).toBe(true);
});

test('a body that is cut is fetched on, and the user is told', async () => {
  hub.setFaults([{ kind: 'cut', afterBytes: 1_000_000, path: 'model.safetensors' }]);
  const { code, stderr } = await pull(['hubfuse-examples/intents-travel'], 'd');
  expect(code).toBe(0);
  expect(stderr).toContain('trying again');
});

test('a repository that does not exist is the failure of a Hub, with the address', async () => {
  const { code, stderr, stdout } = await pull(['hubfuse-examples/intents-mony'], 'e');
  expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
  expect(stderr).toContain('hubfuse-examples/intents-mony');
});

test('an address of another site is refused before any request', async () => {
  const { code, stderr } = await pull(['https://example.com/ns/name'], 'f');
  expect(code).toBe(3);
  expect(stderr).toContain('https://example.com/ns/name');
});

test('a token never is shown, whatever is wrong with it', async () => {
  const { code, stderr, stdout } = await pull(['ns/name', '--json'], 'g', { HF_TOKEN: 'secret-without-prefix' });
  expect(code).toBe(4);
  expect(stderr + stdout).not.toContain('secret');
});

test('a model that was renamed is followed, and every command says so', async () => {
  const [from, to] = ['tester/before', 'tester/after'];
  const folder = join(ZOO, 'money');
  await importFolder({ root: hub.folder, repo: from, folder });
  const headers = { authorization: 'Bearer hf_tester', 'content-type': 'application/json' };
  const body = JSON.stringify({ fromRepo: from, toRepo: to, type: 'model' });
  expect((await fetch(`${hub.url}/api/repos/move`, { method: 'POST', headers, body })).status).toBe(200);
  const run = (argv: string[]) =>
    hubfuse(argv, { variables: { ...hub.variables, HF_HOME: join(hub.work, 'h') }, directory: hub.work });
  const data = join(ZOO, 'data/money.test.jsonl');
  for (const argv of [
    ['pull', from],
    ['plan', from, 'hubfuse-examples/intents-home', '--method', 'linear'],
    ['evaluate', from, '--data', data, '--limit', '2'],
  ]) {
    const { code, stderr } = await run(argv);
    expect({ argv, code }).toEqual({ argv, code: 0 });
    expect(stderr).toContain(`${from} is called ${to} now`);
  }
  const { lines } = await run(['pull', from, '--json']);
  expect(lines()).toContainEqual(expect.objectContaining({ event: 'renamed', from, to }));
});
