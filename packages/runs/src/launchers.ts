import type { Registry } from '@hubfuse/plugin';

/** Registers the launchers of this package. Doing it again does nothing. */
export async function registerLaunchers(registry: Registry): Promise<void> {
  await registry.loadFolder(new URL('./launchers/', import.meta.url));
}
