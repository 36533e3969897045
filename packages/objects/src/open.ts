import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ObjectStore, Registry } from '@hubfuse/plugin';

/** Registers the stores that come with hubfuse: `file`, `s3` and `memory`. */
export async function registerStores(registry: Registry): Promise<void> {
  await registry.loadFolder(new URL('./stores/', import.meta.url));
}

/** Registers the publishers that put a model into a store: `s3`. */
export async function registerStorePublishers(registry: Registry): Promise<void> {
  await registry.loadFolder(new URL('./publishers/', import.meta.url));
}

/**
 * Opens the store at a URL (`file:///...`, `s3://bucket/prefix`, `memory:name`) or, where there is no scheme, in a folder.
 * @throws PluginError where no store of that scheme is registered.
 */
export async function openStore(location: string, registry: Registry): Promise<ObjectStore> {
  // A single letter before the colon is a drive of Windows, not a scheme.
  const scheme = /^([a-z][a-z0-9+-]+):/i.exec(location)?.[1];
  if (scheme === undefined) return registry.get('store', 'file').open(pathToFileURL(resolve(location)).href);
  return registry.get('store', scheme.toLowerCase()).open(location);
}
