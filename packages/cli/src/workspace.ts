import { join } from 'node:path';
import { openStore } from '@hubfuse/objects';
import type { ObjectStore, Registry } from '@hubfuse/plugin';
import type { Configuration } from './configuration.ts';
import type { Environment } from './environment.ts';

/** Where runs keep what they need to be resumed. */
export interface Workspace {
  /** Absolute path of the folder for scratch files. */
  folder: string;
  store: ObjectStore;
}

/** Opens the workspace below the home of hubfuse, creating what is missing; the store is where the project keeps it. */
export async function openWorkspace(
  { environment, configuration }: { environment: Environment; configuration: Configuration },
  registry: Registry,
): Promise<Workspace> {
  const { home } = environment;
  return { folder: join(home, 'work'), store: await openStore(configuration.store ?? join(home, 'store'), registry) };
}
