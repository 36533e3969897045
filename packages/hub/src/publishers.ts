import type { Registry } from '@hubfuse/plugin';

/** Registers the publishers of this package. Doing it again does nothing. */
export async function registerPublishers(registry: Registry): Promise<void> {
  await registry.loadFolder(new URL('./publishers/', import.meta.url));
}
