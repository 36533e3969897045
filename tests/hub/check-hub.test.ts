import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { modelFiles, startTestHub, type TestHub } from './test-hub.ts';

const root = join(import.meta.dirname, '..', '..');

let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub({ tokens: { hf_owner: { name: 'owner', orgs: ORGANISATIONS } } });
});
afterEach(async () => await hub.close());

const ORGANISATIONS = ['hf-internal-testing', 'meta-llama'];

async function checkHub(args: string[], environment: Record<string, string>): Promise<{ code: number; out: string }> {
  const { HF_TOKEN: _token, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(root, 'scripts', 'check-hub.mjs'), ...args], {
    env: { ...inherited, HF_HOME: join(hub.root, 'hf-home'), HF_ENDPOINT: hub.url, ...environment },
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (out += String(text)));
  const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? -1)));
  return { code, out };
}

test('without a token the check skips and says so', async () => {
  const { code, out } = await checkHub([], {});
  expect(out).toMatch(/^skipped: nothing was checked against .* no token\. Set HF_TOKEN/);
  expect(code).toBe(0);
});

test('with a token that is not accepted the check fails', async () => {
  const { code, out } = await checkHub([], { HF_TOKEN: 'hf_unknown' });
  expect(out).toMatch(/FAILED {2}whose token it is/);
  expect(out).not.toContain('hf_unknown');
  expect(code).toBe(1);
});

test('every step stands in docs/hub.md with whether it has run against the real Hub', async () => {
  const { out } = await checkHub(['--list'], {});
  const steps = out.trim().split('\n');
  const rows = (await readFile(join(root, 'docs', 'hub.md'), 'utf8')).matchAll(/^\| ([^|]+) \|[^|]+\| ([^|]+) \|$/gm);
  const documented = [...rows].map(([, name]) => name).slice(1);
  expect(documented).toEqual(steps);
});

test('every step passes against a Hub that holds what the steps look for', async () => {
  await hub.commit('hf-internal-testing/tiny-random-BertForSequenceClassification', {
    ...modelFiles(200_000),
    'model.safetensors': Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}'), Buffer.alloc(1e5)]),
  });
  await hub.commit('hf-internal-testing/fixtures_image_utils', { 'a.txt': 'a' }, { type: 'dataset' });
  await hub.commit('meta-llama/Llama-2-7b-hf', modelFiles(1000));
  await hub.api('PUT', '/api/models/meta-llama/Llama-2-7b-hf/settings', { gated: 'manual' });
  const { code, out } = await checkHub([], { HF_TOKEN: 'hf_owner' });
  // Bare names of the oldest repositories and Xet exist on huggingface.co alone.
  expect(out.match(/^FAILED {2}.*$/gm)).toEqual([expect.stringContaining('follow a renamed repository')]);
  expect(code).toBe(1);
  expect(out).not.toContain('hf_owner');
});
