import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { declaredClass } from '@hubfuse/graphs';
import { type Registry, StatisticsError } from '@hubfuse/plugin';
import { folderSource, readCheckpoint } from '@hubfuse/tensors';
import { weightsSha256 } from './format/weights-identity.ts';
import type { MeasuredModel } from './measure.ts';

/**
 * Opens a model on this disk for gathering and takes the identity of its weights.
 * @param options.name what messages and the file call it
 * @throws TensorError where there are no weights, StatisticsError where config.json cannot be read
 */
export async function openMeasuredModel(options: {
  folder: string;
  name: string;
  registry: Registry;
  signal?: AbortSignal | undefined;
}): Promise<{ model: MeasuredModel; modelSha256: string }> {
  const { folder, name, registry, signal } = options;
  const source = await folderSource(folder, { reference: name });
  const { tensors, files } = await readCheckpoint(source);
  const config = await readConfig(folder, name);
  return {
    model: { name, folder, config, tensors, registry },
    modelSha256: await weightsSha256({ source, files, signal }),
  };
}

async function readConfig(folder: string, name: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new StatisticsError({
      code: 'statistics/model-file',
      where: name,
      message: `config.json cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    });
  }
}

/** The task that a model's class is made for. @throws StatisticsError where it is made for none */
export function taskOfModel({ config, registry, name }: MeasuredModel): string {
  const className = declaredClass(config) ?? '';
  const tasks = registry.list('task');
  const task = tasks.find(({ autoModel }) => className.endsWith(autoModel.slice('AutoModel'.length)));
  if (task !== undefined) return task.name;
  throw new StatisticsError({
    code: 'statistics/no-task',
    where: name,
    message: `config.json names the class ${className || '(none)'}, which is made for no task`,
    hint: `name the task: ${tasks.map((known) => known.name).join(', ')}`,
  });
}
