// Starts a run by the launcher `local`, prints its handle and waits. One argument: JSON with `run`, `store` (its address) and
// `execution`.
import { openStore, registerStores } from '@hubfuse/objects';
import { Registry } from '@hubfuse/plugin';
import { registerLaunchers } from '@hubfuse/runs';

const { run, store: location, execution } = JSON.parse(process.argv[2] ?? '');
const registry = new Registry();
await registerStores(registry);
await registerLaunchers(registry);
const store = await openStore(location, registry);
const { handle } = await registry.get('launcher', 'local').submit({ run, store, execution: { ...execution, store } });
process.stdout.write(`${handle}\n`);
setInterval(() => undefined, 60_000);
