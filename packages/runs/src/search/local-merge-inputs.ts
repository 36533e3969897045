import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openFolder } from '@hubfuse/hub';
import type { MergeInput } from '@hubfuse/merge';
import { RunError } from '@hubfuse/plugin';
import { readCheckpoint } from '@hubfuse/tensors';
import type { PinnedModel } from '../run-plan.ts';

/** A fetched model as the planner sees it: planning again needs no network. */
export async function localMergeInput(model: PinnedModel, folder: string): Promise<MergeInput> {
  const { reference, name, kind, revision } = model;
  const opened = await openFolder(folder);
  const source = { ...opened, reference, name, kind, ...(revision === undefined ? {} : { revision }) };
  const [checkpoint, config] = await Promise.all([readCheckpoint(opened), readConfig(folder)]);
  return { source, checkpoint, config };
}

/** A base may come without one, as where it is planned over the network. */
async function readConfig(folder: string): Promise<Record<string, unknown>> {
  const file = join(folder, 'config.json');
  const text = await readFile(file, 'utf8').catch(() => '{}');
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new RunError({ code: 'run/bad-config', where: file, message: 'the file is not a JSON object' });
}
