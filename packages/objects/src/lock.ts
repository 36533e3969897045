import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isProcessGone, StoreError } from '@hubfuse/plugin';

/** A holder needs the lock for the few milliseconds of one read, compare and rename. */
const STALE_MS = 30_000;
const GIVE_UP_MS = 60_000;

/** What a file system says where a folder with something inside stands in the way; Windows says it does not permit. */
const TAKEN = new Set(['ENOTEMPTY', 'EEXIST', ...(process.platform === 'win32' ? ['EPERM', 'EACCES'] : [])]);

export function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** Ignores one expected file system error, by code. */
export function ignoring(...codes: string[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes(errorCode(error) ?? '')) throw error;
  };
}

/** Host and process, as part of a file name. */
export function processTag(): string {
  return `${hostname().replace(/[^A-Za-z0-9-]/g, '-')}.${process.pid}`;
}

/** Whether the process of a tag is known to be gone: only a process of this host can be asked. */
export function isDead(tag: string): boolean {
  const cut = tag.lastIndexOf('.');
  if (tag.slice(0, cut) !== processTag().slice(0, processTag().lastIndexOf('.'))) return false;
  return isProcessGone(Number(tag.slice(cut + 1)));
}

/**
 * Runs `action` while no other process does under the same path.
 *
 * The lock is a folder that holds one file named after its owner. It is taken by renaming a prepared folder to its
 * name, which a file system refuses while a folder with something inside stands there. A dead owner's file is
 * removed by its exact name, so that whoever is late can never remove the lock of the next owner.
 *
 * An owner that stood still for too long has lost the lock without knowing. So the file of the lock may be the one that is to
 * be written: `action` gets its path and moves it to its final name, which fails (ENOENT) for whoever has lost the lock.
 */
export async function withLock<T>(
  options: {
    path: string;
    scratch: string;
    /** File on the same file system that becomes the file of the lock; it is gone afterwards. Default: an empty one. */
    file?: string | undefined;
  },
  action: (held: string) => Promise<T>,
): Promise<T> {
  const { path, scratch, file } = options;
  const owner = `${processTag()}.${randomUUID()}`;
  const prepared = join(scratch, `lock.${owner}`);
  await mkdir(prepared, { recursive: true });
  try {
    if (file === undefined) await writeFile(join(prepared, owner), '');
    else await rename(file, join(prepared, owner));
    await acquire(prepared, path, owner);
  } catch (error) {
    await rm(prepared, { recursive: true, force: true });
    throw error;
  }
  try {
    return await action(join(path, owner));
  } finally {
    await unlink(join(path, owner)).catch(ignoring('ENOENT'));
    await rmdir(path).catch(ignoring('ENOENT', 'ENOTEMPTY', 'EEXIST'));
  }
}

async function acquire(prepared: string, path: string, owner: string): Promise<void> {
  const since = Date.now();
  for (let attempt = 0; ; attempt++) {
    // The age of the file is the time for which the lock is held, not for which it was waited.
    const now = new Date();
    await utimes(join(prepared, owner), now, now);
    try {
      await rename(prepared, path);
      return;
    } catch (error) {
      if (!TAKEN.has(errorCode(error) ?? '')) throw error;
    }
    await removeStaleOwner(path);
    if (Date.now() - since > GIVE_UP_MS) {
      throw new StoreError({
        code: 'store/locked',
        message: `the lock ${path} was not released within ${GIVE_UP_MS / 1000} s`,
        hint: 'another process holds it: end that process, or remove the folder if none runs',
      });
    }
    await wait(Math.min(20, 1 + attempt) * (0.5 + Math.random()));
  }
}

async function removeStaleOwner(path: string): Promise<void> {
  const owners = await readdir(path).catch((error: unknown) => {
    ignoring('ENOENT', 'ENOTDIR')(error);
    return [];
  });
  if (owners.length === 0) {
    // Where a file system does not rename over an empty folder, it has to go first.
    await rmdir(path).catch(ignoring('ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'));
  }
  for (const owner of owners) {
    const file = join(path, owner);
    const facts = await stat(file).catch(ignoring('ENOENT'));
    const tag = owner.slice(0, owner.lastIndexOf('.'));
    if (facts !== undefined && (isDead(tag) || Date.now() - facts.mtimeMs > STALE_MS)) {
      await unlink(file).catch(ignoring('ENOENT'));
    }
  }
}
