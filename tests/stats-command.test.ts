import { createHash } from 'node:crypto';
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importFolder } from '@hubfuse/hub-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { served, stateOf } from './hub/publication.ts';
import { startTestHub, type TestHub } from './hub/test-hub.ts';
import { hubfuse } from './support/hubfuse.ts';

// `hubfuse stats` as a user calls it, on a folder and over a Hub.

const ZOO = join(import.meta.dirname, '../examples/intents-tiny');
const DATA = join(ZOO, 'data/money.dev.jsonl');
const REPO = 'tester/intents-money';
let hub: TestHub;
let variables: Record<string, string>;

beforeAll(async () => {
  hub = await startTestHub();
  await importFolder({ root: join(hub.root, 'served'), repo: REPO, folder: join(ZOO, 'money') });
  variables = {
    HF_ENDPOINT: hub.url,
    HF_TOKEN: 'hf_tester',
    HF_HOME: join(hub.root, 'hf'),
    HUBFUSE_HOME: join(hub.root, 'home'),
  };
});
afterAll(async () => await hub.close());

const stats = (...argv: string[]) => hubfuse(['stats', ...argv, '--json'], { directory: hub.root, variables });

test('any number of workers writes the same file, and it is published beside the model once', async () => {
  const one = await stats(REPO, '--data', DATA, '--limit', '100', '--workers', '1', '--out', 'one.safetensors');
  expect(one.code, one.stderr).toBe(0);
  const eight = await stats(REPO, '--data', DATA, '--limit', '100', '--workers', '8', '--out', 'eight.safetensors');
  expect(eight.code, eight.stderr).toBe(0);
  const bytes = await readFile(join(hub.root, 'one.safetensors'));
  expect(bytes.equals(await readFile(join(hub.root, 'eight.safetensors')))).toBe(true);
  expect(one.last()).toMatchObject({
    ...{ kind: 'gram', variant: 'mask', size: bytes.length },
    sha256: createHash('sha256').update(bytes).digest('hex'),
    provenance: { model: REPO, dataset: 'money.dev.jsonl', examples: 100, task: 'text-classification' },
  });

  const published = await stats(REPO, '--data', `money=${DATA}`, '--limit', '100', '--publish');
  expect(published.code, published.stderr).toBe(0);
  expect(published.last()).toMatchObject({ published: { as: 'commit', already: false } });
  const path = 'hubfuse/gram-mask-money.safetensors';
  const { paths, commits } = await stateOf(hub, REPO);
  expect(paths).toContain(path);
  expect(paths).toContain('model.safetensors');
  expect(commits[0]).toBe('Add gram statistics (mask) on money');
  expect(
    (await served(hub, REPO, 'main', path)).equals(
      await readFile(join(hub.root, 'intents-money.gram-mask-money.safetensors')),
    ),
  ).toBe(true);
}, 120_000);

test('a file that every merge refuses for its few rows is written with a warning', async () => {
  const out = ['--data', DATA, '--limit', '2', '--out', 'few.safetensors'];
  const few = await stats(join(ZOO, 'money'), ...out);
  expect(few.code, few.stderr).toBe(0);
  expect(few.stdout).toMatch(/merges refuse .*few\.safetensors.*at least \d+ are needed.*--limit above 2/);
}, 60_000);

test('publishing without a token is refused before anything is gathered', async () => {
  const { HF_TOKEN: _, ...without } = variables;
  const argv = ['stats', REPO, '--data', DATA, '--out', 'unpublished.safetensors', '--publish', '--json'];
  const refused = await hubfuse(argv, { directory: hub.root, variables: without });
  expect(refused.code).toBe(4);
  expect(refused.stderr).toMatch(/publishing to tester\/intents-money needs an access token/);
  expect(await readdir(hub.root)).not.toContain('unpublished.safetensors');
});

test('a plan says passes, memory, disk and time, and does nothing', async () => {
  const folder = join(hub.root, 'planned');
  await cp(join(ZOO, 'money'), folder, { recursive: true });
  const planned = ['--data', DATA, '--plan', '--workers', '1'];
  const wide = await stats(folder, ...planned);
  expect(wide.last()).toMatchObject({ entries: 14, passes: 1, fileBytes: expect.any(Number) });
  const { memoryBytes } = wide.last() as { memoryBytes: number };
  const tight = await stats(folder, ...planned, '--memory', String(memoryBytes - 3e6));
  expect(tight.last().passes).toBeGreaterThan(1);
  expect(await readdir(folder)).not.toContain('hubfuse');
});

test('the time of a plan is that of the examples which limit and split leave', async () => {
  const planned = async (...selection: string[]) => {
    const result = await stats(join(ZOO, 'money'), '--data', DATA, '--plan', ...selection);
    return result.last() as { examples: number; tokens: number; seconds: number };
  };
  const [all, few, some] = [await planned(), await planned('--limit', '10'), await planned('--split', '[:10%]')];
  expect(few.examples).toBe(10);
  expect(few.tokens / all.tokens).toBeLessThan(20 / all.examples);
  expect(few.seconds / all.seconds).toBeCloseTo(few.tokens / all.tokens);
  expect(some.tokens / all.tokens).toBeCloseTo(0.1, 1);
}, 60_000);

test.each([
  ['no data', [join(ZOO, 'money')], 2, 'add --data'],
  ['an unknown kind', [join(ZOO, 'money'), '--data', DATA, '--kind', 'gramm'], 6, 'gramm'],
  ['a variant of another kind', [join(ZOO, 'money'), '--data', DATA, '--variant', 'hard'], 2, '--padding'],
  ['a folder to publish to', [join(ZOO, 'money'), '--data', DATA, '--publish'], 2, 'hf upload <ns/name>'],
  ['no column of labels', [join(ZOO, 'money'), '--data', DATA, '--column', 'label=intent'], 6, 'intent'],
  ['too little memory', [join(ZOO, 'money'), '--data', DATA, '--memory', '1MB'], 8, 'memory'],
])('%s is refused with what to do', async (_what, argv, code, words) => {
  const result = await stats(...argv);
  expect(result.code, result.stderr).toBe(code);
  expect(`${result.stdout}${result.stderr}`).toContain(words);
});
