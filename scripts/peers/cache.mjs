// Checks that hubfuse and Python's huggingface_hub share one cache, both ways: node scripts/peers/cache.mjs
// PYTHON names the interpreter (default: python3).
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchModel, openModel } from '@hubfuse/hub';
import { importFolder, startHubServer } from '@hubfuse/hub-server';

const here = dirname(fileURLToPath(import.meta.url));
const python = process.env.PYTHON || 'python3';
if (spawnSync(python, ['-c', 'import huggingface_hub'], { stdio: 'ignore' }).status !== 0) {
  console.error(`cache: not checked: "${python}" has no huggingface_hub`);
  process.exit(2);
}

const folder = await mkdtemp(join(tmpdir(), 'hubfuse-peers-cache-'));
const root = join(folder, 'hub');
const model = join(here, '..', '..', 'examples', 'intents-tiny', 'base');
await importFolder({ root, repo: 'ns/ours', folder: model });
await importFolder({ root, repo: 'ns/theirs', folder: model });
const hub = await startHubServer({ folder: root });
const states = [];
const options = {
  hubUrl: hub.url,
  cacheDir: join(folder, 'cache'),
  onProgress: (event) => event.type === 'download' && states.push(event.state),
};
const fetch = async (repo) => await fetchModel(await openModel({ kind: 'hub', repo }, options), options);

async function ask(action, repo) {
  // Not spawnSync: the Hub of this process must go on answering.
  const { spawn } = await import('node:child_process');
  const child = spawn(python, [join(here, 'cache_client.py'), action, repo, options.cacheDir], {
    stdio: 'inherit',
    env: { ...process.env, HF_ENDPOINT: hub.url, HF_HUB_DISABLE_PROGRESS_BARS: '1', HF_HUB_DISABLE_TELEMETRY: '1' },
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`cache_client.py ${action} ${repo} failed`);
}

try {
  await fetch('ns/ours');
  // What a killed download leaves must not disturb Python.
  const left = join(options.cacheDir, 'models--ns--ours', '.hubfuse', 'downloads', `${'a'.repeat(64)}.killed`);
  await mkdir(left, { recursive: true });
  await writeFile(join(left, 'data'), 'half');
  await ask('find', 'ns/ours');
  await ask('download', 'ns/theirs');
  states.length = 0;
  await fetch('ns/theirs');
  if (states.some((state) => state !== 'cached')) throw new Error(`hubfuse downloaded again: ${states}`);
  console.log('cache: Python finds what hubfuse fetched, and hubfuse what Python fetched');
} finally {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
}
