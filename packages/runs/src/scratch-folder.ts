import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isProcessGone } from '@hubfuse/plugin';

/** `<owner>.<process id>.<random>` */
const NAME = /^(.+)\.(\d+)\.[0-9a-f-]{36}$/;
const NOBODY = 'work';

/**
 * Gives `action` an empty folder of its own below the workspace and removes it afterwards. Folders that killed processes
 * of this machine left behind are removed first.
 */
export async function withScratchFolder<T>(
  workspace: string,
  action: (folder: string) => Promise<T>,
  /** The run that it is for. Default: none. */
  runId: string = NOBODY,
): Promise<T> {
  const parent = join(workspace, 'scratch');
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const id = NAME.exec(name)?.[2];
    if (id !== undefined && isProcessGone(Number(id))) await rm(join(parent, name), { recursive: true, force: true });
  }
  const folder = join(parent, `${runId}.${process.pid}.${randomUUID()}`);
  await mkdir(folder);
  try {
    return await action(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The scratch folders of a run below a workspace, those of earlier executions included. */
export async function scratchOf(workspace: string, runId: string): Promise<string[]> {
  const parent = join(workspace, 'scratch');
  const names = await readdir(parent).catch(() => []);
  return names.filter((name) => name === runId || NAME.exec(name)?.[1] === runId).map((name) => join(parent, name));
}
