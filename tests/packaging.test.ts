import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { environment } from './environment.ts';
import { hubfuse } from './support/hubfuse.ts';
import { isUnreachable, type NpmResult, npm } from './support/npm.ts';

const root = join(import.meta.dirname, '..');
const zoo = join(root, 'examples/intents-tiny');
const MODELS = ['money', 'home', 'travel', 'office'].map((name) => join(zoo, name));
const data = join(zoo, 'data/money.test.jsonl');
const MERGE = ['merge', ...MODELS, '--method', 'pcb', '--base', join(zoo, 'base'), '--parameter', 'lambda=0.5'];

let work: string;
let tarballs: string[];
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'hubfuse-packaging-'));
  const packed = await npm(['pack', '--workspaces', '--pack-destination', work], root);
  expect(packed.code, packed.output).toBe(0);
  // The stack has a peer of 160 MB, which whoever merges does without.
  tarballs = (await readdir(work))
    .filter((name) => name.endsWith('.tgz') && !name.startsWith('hubfuse-cdk-'))
    .map((name) => join(work, name));
});
afterAll(() => rm(work, { recursive: true, force: true }));

/** An empty project with the packed packages. */
async function install(
  name: string,
  variables: Record<string, string>,
): Promise<NpmResult & { project: string; bin: string }> {
  const project = join(work, name);
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{"private": true}');
  const result = await npm(['install', ...tarballs], project, variables);
  return { ...result, project, bin: join(project, 'node_modules/hubfuse/bin/hubfuse.js') };
}

test('the packed packages install without a word of ours and merge, whatever onnxruntime-node can reach', async (context) => {
  const installed = await install('plain', {});
  if (isUnreachable(installed)) context.skip('the npm registry cannot be reached');
  expect(installed.code, installed.output).toBe(0);
  const { bin, project: directory } = installed;
  const variables = { HUBFUSE_HOME: join(directory, 'home'), HF_HOME: join(directory, 'hf') };
  const merged = await hubfuse([...MERGE, '--out', 'merged'], { bin, directory, variables });
  expect(merged.code, merged.stderr).toBe(0);
  const here = await hubfuse([...MERGE, '--out', 'here'], { directory, variables });
  expect(here.code, here.stderr).toBe(0);
  const [theirs, ours] = await Promise.all(
    ['merged', 'here'].map((folder) => readFile(join(directory, folder, 'model.safetensors'))),
  );
  expect(ours?.equals(theirs ?? Buffer.alloc(0))).toBe(true);

  // Where the install script failed, scoring says what to install; where it did not, it scores.
  const scored = await hubfuse(['evaluate', 'merged', '--data', data], { bin, directory, variables });
  const missing = !existsSync(join(directory, 'node_modules/onnxruntime-node'));
  expect(scored.code, scored.stderr).toBe(missing ? 6 : 0);
  if (missing) expect(scored.stderr).toContain('ONNXRUNTIME_NODE_INSTALL=skip');
}, 240_000);

// A second whole install: `npm run soak` makes it.
test.skipIf(environment.soak === undefined)(
  'installed as the README says, they score',
  async (context) => {
    const installed = await install('scoring', { ONNXRUNTIME_NODE_INSTALL: 'skip' });
    if (isUnreachable(installed)) context.skip('the npm registry cannot be reached');
    expect(installed.code, installed.output).toBe(0);
    const { bin, project: directory } = installed;
    const { code, stderr, last } = await hubfuse(['evaluate', join(zoo, 'money'), '--data', data, '--json'], {
      bin,
      directory,
    });
    expect(code, stderr).toBe(0);
    const scores = JSON.parse(await readFile(join(zoo, 'scores.json'), 'utf8')) as {
      rows: { money: { test: { money: number } } };
    };
    expect(last().accuracy).toBeCloseTo(scores.rows.money.test.money, 3);
  },
  240_000,
);
