import { join, resolve } from 'node:path';
import { openStore } from '@hubfuse/objects';
import type { ObjectStore, Registry } from '@hubfuse/plugin';
import { Keys, type MasterKey, parseMasterKey, readMasterKey } from '@hubfuse/service';
import type { CommandContext } from './command.ts';

/** Where a server on this machine keeps what it knows. */
export interface Installation {
  /** Absolute path of the data folder. */
  folder: string;
  store: ObjectStore;
  /** Secret of the installation; it lies beside the store, never in it. */
  master: MasterKey;
  keys: Keys;
  registry: Registry;
}

/**
 * Opens the data folder of a server, creating what is missing: `store` (unless the configuration keeps the store
 * elsewhere), `work`, and `master-key`, which only its owner may read.
 */
export async function openInstallation(
  context: Pick<CommandContext, 'directory' | 'environment' | 'configuration' | 'registry'> & {
    options: { data?: string | undefined };
  },
): Promise<Installation> {
  const { directory, environment, configuration, options } = context;
  const registry = await context.registry();
  const folder = options.data === undefined ? environment.home : resolve(directory, options.data);
  // A folder that is named holds everything; the store of the configuration is that of the default one.
  const elsewhere = environment.store ?? (options.data === undefined ? configuration.store : undefined);
  const store = await openStore(elsewhere ?? join(folder, 'store'), registry);
  const master =
    environment.masterKey === undefined
      ? await readMasterKey(join(folder, 'master-key'))
      : parseMasterKey(environment.masterKey, 'HUBFUSE_MASTER_KEY');
  return { folder, store, master, keys: new Keys({ store, master }), registry };
}
