import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, registerStores } from '@hubfuse/objects';
import { type ObjectStore, Registry } from '@hubfuse/plugin';
import { afterAll, beforeAll, beforeEach } from 'vitest';

/** An empty store in memory for each test of a file, and one folder for all of them. */
export interface MemoryStores {
  readonly registry: Registry;
  readonly folder: string;
  readonly store: ObjectStore;
}

/** @param name tells them from those of other files */
export function memoryStores(name: string): MemoryStores {
  const registry = new Registry();
  const current = { registry, folder: '', store: undefined as unknown as ObjectStore };
  let count = 0;
  beforeAll(async () => {
    await registerStores(registry);
    current.folder = await mkdtemp(join(tmpdir(), `hubfuse-${name}-`));
  });
  afterAll(() => rm(current.folder, { recursive: true, force: true }));
  beforeEach(async () => {
    current.store = await openStore(`memory:${name}-${count++}`, registry);
  });
  return current;
}
