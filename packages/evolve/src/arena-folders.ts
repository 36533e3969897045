import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';

const PREFIX = 'hubfuse-arena.';
/** Number of the space that process numbers are of, and the number of the process. */
const NAME = /^hubfuse-arena\.(\d*)\.(\d+)\./;

/** Makes a folder of this process, and removes those that processes which are gone have left beside it. */
export async function makeArenaFolder(parent: string): Promise<string> {
  const space = await processSpace();
  for (const name of await readdir(parent)) {
    const [, of, owner] = NAME.exec(name) ?? [];
    if (of !== space || owner === undefined || isRunning(Number(owner))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
  return await mkdtemp(join(parent, `${PREFIX}${space}.${process.pid}.`));
}

/** Containers that share a folder may number their processes alike; empty where the system has no such spaces. */
async function processSpace(): Promise<string> {
  const link = await readlink('/proc/self/ns/pid').catch(() => '');
  return /\d+/.exec(link)?.[0] ?? '';
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
