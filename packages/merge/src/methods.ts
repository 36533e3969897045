import type { Registry } from '@hubfuse/plugin';

/** Registers the built-in merge methods: every file of the folder `methods`. */
export async function registerMethods(registry: Registry): Promise<void> {
  await registry.loadFolder(new URL('./methods/', import.meta.url));
}
