// A service with its dashboard over a Hub, in this process: what the pictures of the dashboard and its test in Chromium use.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DEFAULT_BOUNDS, startServer } from '@hubfuse/api';
import { dashboardFiles } from '@hubfuse/dashboard';
import { registerEvaluation } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import { registerPublishers } from '@hubfuse/hub';
import { registerMethods } from '@hubfuse/merge';
import { openStore, registerStorePublishers, registerStores } from '@hubfuse/objects';
import { Registry } from '@hubfuse/plugin';
import { registerLaunchers } from '@hubfuse/runs';
import { Dispatcher, MasterKey, openServices } from '@hubfuse/service';

const REGISTER = [
  registerStores,
  registerStorePublishers,
  registerMethods,
  registerArchitectures,
  registerEvaluation,
  registerPublishers,
  registerLaunchers,
];

/** @param {{ hubUrl: string, folder: string, token?: string }} options */
export async function startExampleService({ hubUrl, folder, token }) {
  const registry = new Registry();
  for (const register of REGISTER) await register(registry);
  const hub = {
    hubUrl,
    cacheDir: join(folder, 'cache'),
    retry: { attempts: 1 },
    ...(token === undefined ? {} : { token }),
  };
  const store = await openStore(join(folder, 'store'), registry);
  const services = openServices({ store, registry, hub, master: new MasterKey(randomBytes(32)) });
  const launcher = registry.get('launcher', 'in-process');
  const server = await startServer({
    ...services,
    // The dispatcher exchanges it.
    wake: () => services.wake(),
    launcher,
    webhookSecret: undefined,
    publicUrl: undefined,
    bounds: DEFAULT_BOUNDS,
    cors: [],
    dashboard: await dashboardFiles(),
    docs: new Map(),
  });
  const stop = new AbortController();
  const execution = { workspace: join(folder, 'runs'), workers: 1 };
  const working = new Dispatcher({ services, launcher, execution, pauseMs: 200 }).run(stop.signal);
  return {
    url: server.url,
    async close() {
      stop.abort();
      await working;
      await server.close();
    },
  };
}
