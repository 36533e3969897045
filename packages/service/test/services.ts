import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, registerStores } from '@hubfuse/objects';
import { type ObjectStore, Registry } from '@hubfuse/plugin';
import { stubRegistry } from '../../recipe/test/registry.ts';
import { MasterKey } from '../src/master-key.ts';
import { openServices, type ServiceSettings, type Services } from '../src/services.ts';
import { StubHub } from './stub-hub.ts';

/** Services over a store of their own, with a Hub that a test fills. */
export interface TestServices {
  services: Services;
  hub: StubHub;
  /** Moves the clock. */
  clock: { now: number };
  /** Further services over the same store, as another process has them. */
  another: () => Services;
}

export const START = Date.parse('2026-11-30T12:00:00Z');

/** The kinds of stores that a test is run over. */
export const STORES = ['memory', 'folder'] as const;
export type StoreKind = (typeof STORES)[number];

const registry = new Registry();
let loaded: Promise<void> | undefined;
let stores = 0;
const folders: string[] = [];

/** An empty store. */
export async function emptyStore(kind: StoreKind): Promise<ObjectStore> {
  loaded ??= registerStores(registry);
  await loaded;
  if (kind === 'memory') return await openStore(`memory:service-${process.pid}-${++stores}`, registry);
  const folder = await mkdtemp(join(tmpdir(), 'hubfuse-service-'));
  folders.push(folder);
  return await openStore(folder, registry);
}

/** Removes what tests left on the disk. */
export async function removeFolders(): Promise<void> {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
}

export async function testServices(
  kind: StoreKind = 'memory',
  settings: Partial<ServiceSettings> = {},
): Promise<TestServices> {
  const store = settings.store ?? (await emptyStore(kind));
  const hub = new StubHub();
  const clock = { now: START };
  const master = new MasterKey(new Uint8Array(32).fill(7));
  const open = () =>
    openServices({ store, registry: stubRegistry(), hub: hub.options, master, now: () => clock.now, ...settings });
  return { services: open(), hub, clock, another: open };
}
