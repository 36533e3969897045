import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { processSpace } from '@hubfuse/plugin';

const PREFIX = 'hubfuse-arena.';
/** Number of the space that process numbers are of, and the number of the process. */
const NAME = /^hubfuse-arena\.(\d*)\.(\d+)\./;

/** Makes a folder of this process, and removes those that processes which are gone have left beside it. */
export async function makeArenaFolder(parent: string): Promise<string> {
  const space = processSpace();
  for (const name of await readdir(parent)) {
    const [, of, owner] = NAME.exec(name) ?? [];
    if (of !== space || owner === undefined || isRunning(Number(owner))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
  return await mkdtemp(join(parent, `${PREFIX}${space}.${process.pid}.`));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
