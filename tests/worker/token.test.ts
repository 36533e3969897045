import { randomBytes } from 'node:crypto';
import { readRun } from '@hubfuse/runs';
import { openServices, parseMasterKey, startRun } from '@hubfuse/service';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exampleRecipe } from '../runs/example-run.ts';
import { Bench } from '../runs/harness.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { work } from './worker-runs.ts';

const SERVICE = { name: 'service', orgs: [], role: 'write' as const };
const CALLER = { name: 'caller', orgs: [], role: 'write' as const };

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub({ tokens: { hf_service: SERVICE, hf_caller: CALLER } });
});
afterAll(() => hub.close());

const masterKey = randomBytes(32).toString('hex');
const recipe = (repo: string) => ({
  text: exampleRecipe({ domains: ['money', 'home'], evaluate: false, publish: `publish: {hub: {repo: ${repo}}}` }),
});

async function asked(name: string, token?: string) {
  const bench = await Bench.open(hub, name);
  const services = openServices({
    ...{ store: bench.store, registry: bench.registry, master: parseMasterKey(masterKey) },
    hub: { ...bench.hubOptions, token: 'hf_service' },
  });
  const repo = `${token === undefined ? 'service' : 'caller'}/${name}`;
  const { id } = await startRun(services, { recipe: recipe(repo), ...(token === undefined ? {} : { token }) });
  const execute = () =>
    work({ bench, runId: id, variables: { HF_TOKEN: 'hf_service', HUBFUSE_MASTER_KEY: masterKey } });
  return { bench, services, id, execute };
}

test('a worker uses the token that came with its run, and no other, and shows it nowhere', async () => {
  const { bench, id, execute } = await asked('own', 'hf_caller');
  const result = await execute();
  // The token of the service may not write there.
  expect(result.code, result.stderr).toBe(0);
  expect((await readRun({ store: bench.store, runId: id })).report?.published).toHaveLength(1);
  expect(result.stdout + result.stderr).not.toContain('hf_caller');
});

test('a run whose token is gone is not executed with that of the service', async () => {
  const { services, id, execute } = await asked('gone', 'hf_caller');
  await services.secrets.wipe({ run: id, generation: 1 });
  const result = await execute();
  expect(result.code).not.toBe(0);
  expect(result.stderr).toContain('is gone');
});

test('a run without a token of its own uses that of the service', async () => {
  const { execute } = await asked('plain');
  const result = await execute();
  expect(result.code, result.stderr).toBe(0);
});
