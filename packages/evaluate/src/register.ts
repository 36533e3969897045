import type { Registry } from '@hubfuse/plugin';

/** Registers the readers, tasks and metrics of this package. Doing it again does nothing. */
export async function registerEvaluation(registry: Registry): Promise<void> {
  for (const folder of ['readers', 'tasks', 'metrics']) {
    await registry.loadFolder(new URL(`./${folder}/`, import.meta.url));
  }
}
