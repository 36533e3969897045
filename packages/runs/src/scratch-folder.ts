import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isProcessGone } from '@hubfuse/plugin';

/** `work.<process id>.<random>` */
const NAME = /^.+\.(\d+)\.[0-9a-f-]{36}$/;

/**
 * Gives `action` an empty folder of its own below the workspace and removes it afterwards. Folders that killed processes
 * of this machine left behind are removed first.
 */
export async function withScratchFolder<T>(workspace: string, action: (folder: string) => Promise<T>): Promise<T> {
  const parent = join(workspace, 'scratch');
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const id = NAME.exec(name)?.[1];
    if (id !== undefined && isProcessGone(Number(id))) await rm(join(parent, name), { recursive: true, force: true });
  }
  const folder = join(parent, `work.${process.pid}.${randomUUID()}`);
  await mkdir(folder);
  try {
    return await action(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
