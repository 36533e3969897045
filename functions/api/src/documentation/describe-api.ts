import { openStore, registerStores } from '@hubfuse/objects';
import { Registry } from '@hubfuse/plugin';
import { registerLaunchers } from '@hubfuse/runs';
import { MasterKey, openServices } from '@hubfuse/service';
import { createApp } from '../app.ts';
import { openApiDocument } from '../openapi-document.ts';
import { DEFAULT_BOUNDS } from '../services.ts';

/** The OpenAPI document of the routes, without a server: of an app over an empty memory that is never asked. */
export async function describeApi(): Promise<ReturnType<typeof openApiDocument>> {
  const registry = new Registry();
  await registerStores(registry);
  await registerLaunchers(registry);
  const services = openServices({
    store: await openStore('memory:documentation', registry),
    registry,
    hub: { cacheDir: '' },
    master: new MasterKey(new Uint8Array(32)),
  });
  return openApiDocument(
    createApp({
      ...services,
      launcher: registry.get('launcher', 'local'),
      webhookSecret: undefined,
      publicUrl: undefined,
      bounds: DEFAULT_BOUNDS,
      loopback: true,
      cors: [],
      dashboard: new Map(),
      docs: new Map(),
      stopping: new AbortController().signal,
    }),
  );
}
