import { GraphError, type ModelSource } from '@hubfuse/plugin';

/** The config of a model as plain values. @throws GraphError where it is missing or not a JSON object */
export async function readConfig(source: ModelSource, path = 'config.json'): Promise<Record<string, unknown>> {
  const where = `${source.name}/${path}`;
  let config: unknown;
  try {
    config = JSON.parse(new TextDecoder().decode(await source.read(path)));
  } catch (cause) {
    throw new GraphError({ code: 'graph/config', where, message: 'the config cannot be read', cause });
  }
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as Record<string, unknown>;
  throw new GraphError({ code: 'graph/config', where, message: 'the config is not a JSON object' });
}
