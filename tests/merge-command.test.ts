import type { ChildProcess } from 'node:child_process';
import { cp, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importFolder } from '@hubfuse/hub-server';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type ExampleHub, startExampleHub } from './support/example-hub.ts';
import { type HubfuseOptions, hubfuse } from './support/hubfuse.ts';

const MODELS = ['money', 'home', 'travel', 'office'];
// Each test runs several processes after another.
vi.setConfig({ testTimeout: 180_000 });

let hub: ExampleHub;
let directory: string;

beforeAll(async () => {
  hub = await startExampleHub();
  directory = join(hub.work, 'project');
  await mkdir(directory);
});
afterAll(() => hub.close());
beforeEach(() => hub.setFaults([]));

const run = (argv: string[], options: HubfuseOptions = {}) =>
  hubfuse(argv, { directory, ...options, variables: { ...hub.variables, ...options.variables } });

const address = (model: string) => `${hub.url}/hubfuse-examples/intents-${model}`;
const byAddress = () => [...MODELS.map(address), '--method', 'pcb', '--base', address('base'), '-p', 'lambda=0.5'];

function recipe(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    name: 'four-domains',
    merge_method: 'pcb',
    base_model: 'hubfuse-examples/intents-base',
    models: MODELS.map((model) => `hubfuse-examples/intents-${model}`),
    parameters: { lambda: 0.5 },
    ...changes,
  });
}
const evaluate = {
  task: 'text-classification',
  limit: 100,
  datasets: [{ name: 'money', from: 'hubfuse-examples/clinc150', dev: 'money/dev.jsonl', test: 'money/test.jsonl' }],
};

async function writeRecipe(name: string, changes?: Record<string, unknown>): Promise<string> {
  await writeFile(join(directory, name), recipe(changes));
  return name;
}

/** Sends a signal shortly after all models are pinned: the slow Hub of the test is then being read from. */
function killWhileFetching(signal: NodeJS.Signals): (child: ChildProcess) => void {
  return (child) => {
    let seen = '';
    child.stderr?.on('data', (text: string) => {
      const before = pins(seen);
      seen += text;
      if (before < 5 && pins(seen) >= 5) setTimeout(() => child.kill(signal), 700);
    });
  };
}

const pins = (text: string): number => text.split('pinned ').length - 1;

test('models named by address become a folder that is scored, published and reproduced', async () => {
  const merged = await run(['merge', ...byAddress(), '--out', 'by-address', '--json']);
  expect(merged.code, merged.stderr).toBe(0);
  expect(await readdir(join(directory, 'by-address'))).toEqual(
    expect.arrayContaining(['README.md', 'config.json', 'hubfuse.json', 'model.safetensors', 'tokenizer.json']),
  );
  expect(merged.last()).toMatchObject({ event: 'result', method: 'pcb', published: [] });
  const events = merged.lines().map(({ event }) => event);
  expect(events.filter((event) => event === 'pinned')).toHaveLength(5);

  const data = join(import.meta.dirname, '../examples/intents-tiny/data/money.test.jsonl');
  const scored = await run(['evaluate', 'by-address', '--data', data, '--json']);
  expect(scored.last().accuracy).toBeCloseTo(0.82, 2);

  const published = await run(['publish', 'by-address', 'tester/four-domains', '--json']);
  expect(published.code, published.stderr).toBe(0);
  expect(published.last()).toMatchObject({ url: `${hub.url}/tester/four-domains`, already: false, as: 'commit' });
  const again = await run(['publish', 'by-address', 'tester/four-domains', '--json']);
  expect(again.last()).toMatchObject({ already: true, revision: published.last().revision });

  const nameless = await run(['publish', 'by-address', 'four-domains']);
  expect(nameless.code).toBe(2);
  expect(nameless.stderr).toContain('names are namespace/name');

  const reproduced = await run(['reproduce', 'tester/four-domains', '--json']);
  expect(reproduced.code, reproduced.stderr).toBe(0);
  expect(reproduced.last()).toMatchObject({ same: true });

  const weights = await open(join(directory, 'by-address', 'model.safetensors'), 'r+');
  await weights.write(Buffer.from('changed'), 0, 7, 2_000_000);
  await weights.close();
  const tampered = await run(['reproduce', 'by-address', '--json']);
  expect(tampered.code, tampered.stderr).toBe(1);
  const [file] = tampered.last().files as { recorded: string; published: string; merged: string; same: boolean }[];
  expect(file).toMatchObject({ same: false, merged: file?.recorded });
  expect(file?.published).not.toBe(file?.recorded);
});

test('what was merged is opened by its branch without a network, by other programs as well', async () => {
  const variables = { HF_HOME: join(hub.work, 'offline-cache') };
  const models = [address('money'), `${address('home')}@main`, '--method', 'linear'];
  const file = await writeRecipe('scored.json', { evaluate: { ...evaluate, limit: 2 } });
  for (const argv of [models, [file]]) {
    const merged = await run(['merge', ...argv, '--out', `offline-${argv.length}`], { variables });
    expect(merged.code, merged.stderr).toBe(0);
  }
  const cache = join(variables.HF_HOME, 'hub');
  for (const repo of ['models--hubfuse-examples--intents-money', 'datasets--hubfuse-examples--clinc150']) {
    const commit = await readFile(join(cache, repo, 'refs/main'), 'utf8');
    expect(await readdir(join(cache, repo, 'snapshots'))).toEqual([commit]);
  }
  const planned = await run(['plan', file], { variables: { ...variables, HF_HUB_OFFLINE: '1' } });
  expect(planned.code, planned.stderr).toBe(0);
});

test('a recipe and the command line give the same bytes, whatever the workers and the memory', async () => {
  const file = await writeRecipe('same.json');
  const first = await run(['merge', file, '--out', 'same-1', '--workers', '1']);
  const second = await run(['merge', ...byAddress(), '--out', 'same-2', '--workers', '3', '--memory', '256MiB']);
  expect([first.code, second.code], first.stderr + second.stderr).toEqual([0, 0]);
  const [a, b] = await Promise.all(
    ['same-1', 'same-2'].map((folder) => readFile(join(directory, folder, 'model.safetensors'))),
  );
  expect(a?.equals(b ?? Buffer.alloc(0))).toBe(true);
});

test('what the condition does not allow is not published, and both sides are shown', async () => {
  const file = await writeRecipe('gate.json', {
    evaluate,
    publish: { hub: { repo: 'tester/gated' }, if: 'money > 0.999' },
  });
  const { code, last } = await run(['merge', file, '--out', 'gated', '--json']);
  expect(code).toBe(7);
  expect(last()).toMatchObject({ event: 'result', published: [], gate: { met: false } });
  expect(
    (await fetch(`${hub.url}/api/models/tester/gated`, { headers: { authorization: 'Bearer hf_tester' } })).status,
  ).toBe(404);
  const text = await run(['merge', file, '--out', 'gated-2']);
  expect(text.stdout).toMatch(/money 0\.\d+ > 0\.999/);
});

test('a model that cannot be merged for what it holds ends like any other that cannot', async () => {
  const zoo = join(import.meta.dirname, '../examples/intents-tiny/money');
  const config = { quantization_config: { quant_method: 'gptq' } };
  const unfit: [string, Record<string, string>, string[]][] = [
    ['pickled', { 'pytorch_model.bin': 'pickle' }, ['model.safetensors']],
    ['quantised', { 'config.json': JSON.stringify(config) }, []],
    ['broken', { 'config.json': '{' }, []],
  ];
  for (const [name, files, gone] of unfit) {
    const folder = join(hub.work, name);
    await cp(zoo, folder, { recursive: true });
    for (const path of gone) await rm(join(folder, path));
    for (const [path, content] of Object.entries(files)) await writeFile(join(folder, path), content);
    await importFolder({ root: hub.folder, repo: `tester/${name}`, folder });
    const { code, stderr } = await run(['plan', `${hub.url}/tester/${name}`, address('home'), '--method', 'linear']);
    expect({ name, code, stderr }).toEqual({ name, code: 5, stderr: expect.stringContaining(name) });
  }
});

test('a plan shows every tensor and downloads nothing', async () => {
  const variables = { HF_HOME: join(hub.work, 'empty-cache') };
  const { code, stdout, stderr } = await run(['plan', await writeRecipe('plan.json'), '--explain'], { variables });
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('licence: apache-2.0');
  expect(stdout).toMatch(/classifier\.weight +\[150, 128\] +BF16 +method +.*lambda=0\.5/);
  expect(await readdir(join(hub.work, 'empty-cache', 'hub')).catch(() => [])).toEqual([]);
});

test('a plugin given on the command line merges', async () => {
  const plugin = join(import.meta.dirname, '../examples/plugin-median/median.js');
  const argv = ['merge', ...MODELS.map(address), '--base', address('base'), '--method', 'median', '--plugin', plugin];
  const { code, stderr } = await run([...argv, '--out', 'median']);
  expect(code, stderr).toBe(0);
});

test('a killed merge continues with the same command and leaves the bytes of an undisturbed one', async () => {
  const file = await writeRecipe('killed.json', { name: 'killed' });
  hub.setFaults([{ kind: 'slow', bytesPerSecond: 500_000, path: 'model.safetensors', times: 1000 }]);
  const variables = { HF_HOME: join(hub.work, 'killed-cache') };
  const killed = await run(['merge', file, '--out', 'killed'], {
    variables,
    onStart: killWhileFetching('SIGKILL'),
  });
  expect(killed.code).toBeNull();
  expect(await readdir(directory)).not.toContain('killed');
  hub.setFaults([]);
  const resumed = await run(['merge', file, '--out', 'killed', '--json'], { variables });
  expect(resumed.code, resumed.stderr).toBe(0);
  const reference = await run(['merge', await writeRecipe('whole.json', { name: 'killed' }), '--out', 'whole']);
  expect(reference.code).toBe(0);
  const [a, b] = await Promise.all(
    ['killed', 'whole'].map((folder) => readFile(join(directory, folder, 'model.safetensors'))),
  );
  expect(a?.equals(b ?? Buffer.alloc(0))).toBe(true);
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends the command in good order: its own code, how to go on, nothing at --out',
  async (signal) => {
    hub.setFaults([{ kind: 'slow', bytesPerSecond: 200_000, path: 'model.safetensors', times: 1000 }]);
    const { code, stderr } = await run(
      ['merge', await writeRecipe('stopped.json', { name: signal }), '--out', 'stopped'],
      {
        variables: { HF_HOME: join(hub.work, signal) },
        onStart: killWhileFetching(signal),
      },
    );
    expect(code).toBe(10);
    expect(stderr).toContain('the same command resumes');
    expect(await readdir(directory)).not.toContain('stopped');
  },
);

test('everything that is wrong with a recipe is said at once', async () => {
  const file = await writeRecipe('wrong.json', { paramters: {}, seed: 'seven' });
  const text = await run(['merge', file, '--out', 'wrong']);
  expect(text.stderr).toContain('paramters');
  expect(text.stderr).toContain('seed');
  const { last } = await run(['merge', file, '--out', 'wrong', '--json']);
  expect(last()).toMatchObject({
    event: 'error',
    exitCode: 3,
    findings: [{ code: 'recipe/unknown-key' }, { where: expect.stringContaining('seed') }],
  });
});

test.each([
  { what: 'an unknown key', changes: { paramters: {} }, code: 3, says: 'did you mean parameters?' },
  { what: 'an unknown method', changes: { merge_method: 'tis' }, code: 3, says: 'did you mean ties?' },
  {
    what: 'a model that is not there',
    changes: { base_model: 'hubfuse-examples/none' },
    code: 4,
    says: 'hubfuse-examples/none',
  },
  { what: 'a method that needs no base name', changes: { merge_method: 'slerp' }, code: 3, says: 'slerp' },
  {
    what: 'a condition with an unknown name',
    changes: { evaluate, publish: { hub: { repo: 'a/b' }, if: 'maen > 1' } },
    code: 3,
    says: 'maen',
  },
])('$what is refused with code $code before anything stands at --out', async ({ changes, code, says }) => {
  const result = await run(['merge', await writeRecipe('wrong.json', changes), '--out', 'wrong']);
  expect(result.code, result.stderr).toBe(code);
  expect(result.stderr).toContain(says);
  expect(result.stderr).not.toMatch(/^ +at /m);
  expect(await readdir(directory)).not.toContain('wrong');
});

test('publishing without a token fails before anything is merged, and says where a token comes from', async () => {
  const file = await writeRecipe('token.json', { name: 'token', publish: { hub: { repo: 'tester/token' } } });
  const { code, stderr } = await run(['merge', file, '--out', 'token'], { variables: { HF_TOKEN: '' } });
  expect(code).toBe(4);
  expect(stderr).toContain('HF_TOKEN');
});

test('a damaged weights file is named, and is no crash', async () => {
  const folder = join(directory, 'damaged');
  await mkdir(folder);
  const zoo = join(import.meta.dirname, '../examples/intents-tiny/money');
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
    await writeFile(join(folder, name), await readFile(join(zoo, name)));
  }
  const whole = await readFile(join(zoo, 'model.safetensors'));
  await writeFile(join(folder, 'model.safetensors'), whole.subarray(0, whole.length / 2));
  const argv = [
    'merge',
    './damaged',
    address('home'),
    '--base',
    address('base'),
    '--method',
    'ties',
    '-p',
    'density=0.2',
  ];
  const { code, stderr } = await run([...argv, '--out', 'never']);
  expect(code).toBe(5);
  expect(stderr).toContain('model.safetensors');
  await rm(folder, { recursive: true });
});

test('a tokenizer that gives ids to other tokens is told, with the tokens', async () => {
  const folder = join(directory, 'swapped');
  await cp(join(import.meta.dirname, '../examples/intents-tiny/money'), folder, { recursive: true });
  const tokenizer = JSON.parse(await readFile(join(folder, 'tokenizer.json'), 'utf8'));
  const { vocab } = tokenizer.model as { vocab: Record<string, number> };
  const [first = '', second = ''] = Object.keys(vocab).filter((token) => /^[a-z]+$/.test(token));
  [vocab[first], vocab[second]] = [vocab[second] ?? 0, vocab[first] ?? 0];
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  const merge = (...models: string[]) => run(['merge', ...models, '--method', 'linear', '--out', 'swapped-out']);
  const { code, stderr } = await merge(address('home'), './swapped');
  expect(code).toBe(0);
  expect(stderr).toMatch(/warning: the tokenizers of \S+intents-home and \S+swapped differ in 2 of 6222 tokens/);
  expect(stderr).toContain(JSON.stringify(first));
  await rm(join(directory, 'swapped-out'), { recursive: true });
  expect((await merge(address('home'), address('money'))).stderr).not.toContain('tokenizers');
});
