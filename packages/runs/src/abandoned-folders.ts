import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { getJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { STATE_FORMAT } from './formats.ts';
import { runKeys } from './keys.ts';
import type { ModelFolder } from './model-folder.ts';
import { isAlive } from './owner.ts';
import type { RunState } from './run.ts';

/** The end of a folder's name: a run's id, which is a segment of a key, and what the run keeps there. */
const OF_A_RUN = /^([\w=@+~-](?:[\w=@+~.-]*[\w=@+~-])?)\.(?:partial(?:-\d+)?|replaced)$/;

/**
 * Removes what other runs left beside a final name that a run has just taken: they were to make the same folder, were
 * interrupted, and nobody continued them. A run that is being executed keeps its folders, and so does one of another
 * store, of which nothing is known here.
 * @returns the runs whose folders were removed
 */
export async function removeAbandoned(options: {
  store: ObjectStore;
  folder: ModelFolder;
  /** The run that took the name. */
  runId: string;
}): Promise<string[]> {
  const { store, folder, runId } = options;
  const parent = dirname(folder.final);
  const prefix = `.${basename(folder.final)}.`;
  const removed = new Set<string>();
  for (const name of await readdir(parent)) {
    const id = name.startsWith(prefix) ? OF_A_RUN.exec(name.slice(prefix.length))?.[1] : undefined;
    if (id === undefined || id === runId || !(await isAbandoned(store, id))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
    removed.add(id);
  }
  return [...removed];
}

async function isAbandoned(store: ObjectStore, id: string): Promise<boolean> {
  const found = await getJson<RunState>(store, runKeys(id).state, STATE_FORMAT);
  if (found === undefined) return false;
  const { status, owner } = found.value;
  return status !== 'running' || owner === undefined || !isAlive(owner);
}
