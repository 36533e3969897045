import { registerCloudLaunchers } from '@hubfuse/cloud';
import { registerEvaluation } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import { registerPublishers } from '@hubfuse/hub';
import { registerMethods } from '@hubfuse/merge';
import { registerStorePublishers, registerStores } from '@hubfuse/objects';
import { Registry } from '@hubfuse/plugin';
import { registerLaunchers } from '@hubfuse/runs';

/** Knows the built-in extensions and then the plugins, in the order given. @throws PluginError */
export async function createRegistry(directory: string, plugins: readonly string[]): Promise<Registry> {
  const registry = new Registry();
  await registerStores(registry);
  await registerMethods(registry);
  await registerArchitectures(registry);
  await registerEvaluation(registry);
  await registerPublishers(registry);
  await registerStorePublishers(registry);
  await registerLaunchers(registry);
  await registerCloudLaunchers(registry);
  for (const plugin of plugins) await registry.loadPlugin(plugin, directory);
  return registry;
}
