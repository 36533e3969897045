import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_FILE, type Manifest, renderManifest } from '@hubfuse/hub';
import { getJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { runKeys } from '../keys.ts';
import type { ModelFolder } from '../model-folder.ts';

/** The manifest of a run whose folder has its final name already, on this disk. */
export async function namedBefore(options: {
  folder: ModelFolder;
  store: ObjectStore;
  runId: string;
}): Promise<Manifest | undefined> {
  const { folder, store, runId } = options;
  if (existsSync(folder.temporary)) return undefined;
  const stored = await getJson<Manifest>(store, runKeys(runId).manifest);
  const there = await readFile(join(folder.final, MANIFEST_FILE), 'utf8').catch(() => undefined);
  return stored !== undefined && there === renderManifest(stored.value) ? stored.value : undefined;
}
