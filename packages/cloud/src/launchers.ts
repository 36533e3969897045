import type { Registry } from '@hubfuse/plugin';

/** Registers the launchers that run elsewhere. Each reads its configuration, and loads its client, when it is first used. */
export async function registerCloudLaunchers(registry: Registry): Promise<void> {
  await registry.loadFolder(new URL('./launchers/', import.meta.url));
}
