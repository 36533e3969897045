import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExampleHub, startExampleHub } from './support/example-hub.ts';
import { hubfuse } from './support/hubfuse.ts';

// A merge that keeps a model per task, from URLs to a published repository and back to one task's model by its URL.

const MODELS = ['money', 'home'].map((name) => `hubfuse-examples/intents-${name}`);
const REPO = 'tester/intents-emr';
let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(async () => await hub.close());

const run = (...argv: string[]) => hubfuse([...argv, '--json'], { directory: hub.work, variables: hub.variables });

test('it is published as what it is, and each task is rebuilt from its address alone', async () => {
  const merge = ['merge', ...MODELS, '--method', 'emr', '--base', 'hubfuse-examples/intents-base'];
  const merged = await run(...merge, '--publish', REPO, '--out', 'merged', '--shard-size', '1MB');
  expect(merged.code, merged.stderr).toBe(0);
  expect(merged.stdout).toContain('the shard size is not used');

  const listed = await run('materialize', `${hub.url}/${REPO}`);
  expect(listed.code, listed.stderr).toBe(0);
  expect((listed.last().tasks as { name: string }[]).map(({ name }) => name)).toEqual([
    'intents-money',
    'intents-home',
  ]);

  for (const task of ['intents-money', 'intents-home']) {
    const remote = await run('materialize', `${hub.url}/${REPO}`, '--task', task, '--out', `remote-${task}`);
    expect(remote.code, remote.stderr).toBe(0);
    const local = await run('materialize', 'merged', '--task', task, '--out', `local-${task}`);
    expect(local.code, local.stderr).toBe(0);
    for (const file of ['model.safetensors', 'config.json', 'tokenizer.json']) {
      const [theirs, ours] = await Promise.all(
        ['remote', 'local'].map((where) => readFile(join(hub.work, `${where}-${task}`, file))),
      );
      expect(theirs?.equals(ours as Buffer), `${task}/${file}`).toBe(true);
    }
  }
}, 180_000);

test('a task that it does not hold is refused with those that it does', async () => {
  const refused = await run('materialize', REPO, '--task', 'travel', '--out', 'travel');
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toMatch(/travel[\s\S]*intents-money, intents-home/);
}, 60_000);
