import { join } from 'node:path';
import { openStore } from '@hubfuse/objects';
import type { ObjectStore, Registry } from '@hubfuse/plugin';

/** Where runs keep what they need to be resumed. */
export interface Workspace {
  /** Absolute path of the folder for scratch files. */
  folder: string;
  store: ObjectStore;
}

/** Opens the workspace below the home of hubfuse, creating what is missing. */
export async function openWorkspace(home: string, registry: Registry): Promise<Workspace> {
  return { folder: join(home, 'work'), store: await openStore(join(home, 'store'), registry) };
}
