import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { openFolder } from '@hubfuse/hub';
import type { ModelStatistics, StatisticRequest, StatisticShape } from '@hubfuse/plugin';
import { headerEnd, parseHeader } from '@hubfuse/tensors';

/** A safetensors file without metadata as statistics of a model: every tensor in it is one key. */
export async function plainStatistics(
  path: string,
  request: StatisticRequest,
  rows: ReadonlyMap<string, number> = new Map(),
): Promise<ModelStatistics> {
  const source = await openFolder(dirname(path), dirname(path));
  const file = basename(path);
  const { size } = await stat(path);
  const bytes = await source.read(file);
  const header = parseHeader(bytes.subarray(0, headerEnd(bytes, { file, fileSize: size })), { file, fileSize: size });
  const tensors = header.tensors.map((tensor) => {
    return [tensor.name, { ...tensor, file, dtype: tensor.dtype as StatisticShape['dtype'] }] as const;
  });
  return { ...request, source, path: file, tensors: new Map(tensors), aliases: new Map(), rows };
}
