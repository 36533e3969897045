import type { Registry } from '@hubfuse/plugin';

/** Registers every architecture that hubfuse knows: the modules of `architectures/`. */
export async function registerArchitectures(registry: Registry): Promise<void> {
  await registry.loadFolder(new URL('./architectures/', import.meta.url));
}
