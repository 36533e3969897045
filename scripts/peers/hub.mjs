// Runs hub_client.py against a Hub on this machine: node scripts/peers/hub.mjs
// PYTHON names the interpreter (default: python3).
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startHubServer } from '@hubfuse/hub-server';

const here = dirname(fileURLToPath(import.meta.url));
const python = process.env.PYTHON || 'python3';

const probe = spawnSync(python, ['-c', 'import huggingface_hub'], { stdio: 'ignore' });
if (probe.status !== 0) {
  console.error(`hub: not checked: "${python}" has no huggingface_hub`);
  console.error('  pip install huggingface_hub transformers   (PYTHON=<interpreter> picks another Python)');
  process.exit(2);
}

const folder = await mkdtemp(join(tmpdir(), 'hubfuse-peers-hub-'));
const hub = await startHubServer({
  folder: join(folder, 'hub'),
  pageSize: 5,
  partSize: 1_000_000,
  tokens: {
    hf_ana: { name: 'ana' },
    hf_stranger: { name: 'stranger' },
    hf_reader: { name: 'reader', role: 'read' },
  },
});
const client = spawn(python, [join(here, 'hub_client.py')], {
  stdio: 'inherit',
  env: {
    ...process.env,
    HF_ENDPOINT: hub.url,
    HF_HOME: join(folder, 'cache'),
    HF_HUB_DISABLE_PROGRESS_BARS: '1',
    HF_HUB_DISABLE_TELEMETRY: '1',
    HUBFUSE_PEERS_FOLDER: folder,
    HUBFUSE_PEERS_MODEL: join(here, '..', '..', 'examples', 'intents-tiny', 'base'),
  },
});
const code = await new Promise((resolve) => client.on('close', resolve));
await hub.close();
await rm(folder, { recursive: true, force: true });
process.exit(code ?? 1);
