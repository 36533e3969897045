// Executes a run whose second phase ends this process as kill -9 would. Arguments: URL of the store, id of the run.
import { openStore, registerStores } from '@hubfuse/objects';
import { Registry } from '@hubfuse/plugin';
import { executePhases } from '../dist/execute-phases.js';

const [url = '', runId = ''] = process.argv.slice(2);
const registry = new Registry();
await registerStores(registry);
const store = await openStore(url, registry);
const phases = [
  { name: 'resolve', run: async () => ({ output: { from: 'first process' }, next: ['fetch', 'merge'] }) },
  { name: 'fetch', run: async () => process.kill(process.pid, 'SIGKILL') },
];
await executePhases({ store, runId, registry, hub: { cacheDir: '' }, workspace: '' }, phases, async () => ({}));
