import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExampleHub, startExampleHub } from './support/example-hub.ts';
import { hubfuse } from './support/hubfuse.ts';

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub({ tokens: { hf_known: { name: 'me', role: 'write' } } });
});
afterAll(() => hub.close());

const doctor = (variables: Record<string, string>) =>
  hubfuse(['doctor', '--json'], { variables: { ...hub.variables, ...variables } });

test('a machine with all that is needed is healthy, and the account of the token is named', async () => {
  const { code, last } = await doctor({ HF_TOKEN: 'hf_known' });
  expect(code).toBe(0);
  expect(last()).toMatchObject({ event: 'result', healthy: true });
  expect(last().findings).toContainEqual({ check: 'Hub', status: 'ok', message: expect.stringContaining('as me') });
});

test('no token is a warning that says what needs one', async () => {
  const { code, last } = await doctor({ HF_TOKEN: '' });
  expect(code).toBe(0);
  expect(last().findings).toContainEqual(expect.objectContaining({ check: 'Hub', status: 'warning' }));
});

test('a token that the Hub does not accept is a failure, and is not shown', async () => {
  const { code, last, stdout } = await doctor({ HF_TOKEN: 'hf_unknown' });
  expect(code).toBe(1);
  expect(last()).toMatchObject({ healthy: false });
  expect(stdout).not.toContain('hf_unknown');
});

test('an address where nothing answers is a failure', async () => {
  const { code, last } = await doctor({ HF_ENDPOINT: 'http://127.0.0.1:1' });
  expect(code).toBe(1);
  expect(last().findings).toContainEqual(expect.objectContaining({ check: 'Hub', status: 'failure' }));
});
