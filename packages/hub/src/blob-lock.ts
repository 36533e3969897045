import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { removeIfThere } from './cache-layout.ts';
import { type Clock, pauseFor } from './transient.ts';

const BEAT_MS = 5_000;
/** A holder whose process cannot be looked at (another machine on a shared disk) is given up after this silence. */
const SILENCE_MS = 60_000;
/** A holder that is not named yet: it was killed between making the lock and writing to it, unless it does so at once. */
const UNNAMED_MS = 2_000;
const POLL_MS = 200;
const GUARD_MS = 10_000;

interface Holder {
  host: string;
  pid: number;
  id: string;
}

/** Ids of the locks that this process holds: its own number in a lock file proves nothing after a restart. */
const held = new Set<string>();

export interface BlobLock {
  /**
   * `silent`: the last holder was given up without knowing that it is dead. What it was writing must then not be
   * written to, as it may still do so.
   */
  predecessor: 'none' | 'dead' | 'silent';
  release(): Promise<void>;
}

/**
 * Keeps two processes from downloading the same contents twice. It saves work and is not what keeps contents right:
 * every download writes a file of its own and renames it when its checksum is right.
 * @returns undefined where `isDone` turned true while waiting
 */
export async function lockBlob(input: {
  path: string;
  isDone(): Promise<boolean>;
  signal: AbortSignal | undefined;
  clock: Clock;
}): Promise<BlobLock | undefined> {
  const { path, signal, clock } = input;
  await mkdir(dirname(path), { recursive: true });
  const holder: Holder = { host: hostname(), pid: process.pid, id: randomUUID() };
  let predecessor: BlobLock['predecessor'] = 'none';
  for (;;) {
    signal?.throwIfAborted();
    if (await input.isDone()) return undefined;
    if (await create(path, holder)) return hold({ path, holder, predecessor });
    const state = await stateOf(path);
    const taken = state === 'dead' || state === 'silent' ? await takeAway(path) : undefined;
    predecessor = taken ?? predecessor;
    if (taken === undefined && state !== 'gone') await pauseFor(POLL_MS, signal, clock);
  }
}

/** Removes the lock of a process that was killed; false where there is none, or one that may live. */
export async function removeDeadLock(path: string): Promise<boolean> {
  return (await stateOf(path)) === 'dead' && (await takeAway(path)) !== undefined;
}

async function create(path: string, holder: Holder): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    // Known before it is written, so that no other call of this process takes it for a dead one's.
    held.add(holder.id);
    await file.writeFile(JSON.stringify(holder));
    await file.close();
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cause;
  }
}

function hold(input: { path: string; holder: Holder; predecessor: BlobLock['predecessor'] }): BlobLock {
  const { path, holder, predecessor } = input;
  const beat = setInterval(() => {
    const now = new Date();
    // Taken away as silent: the owner finishes its own copy all the same.
    utimes(path, now, now).catch(() => undefined);
  }, BEAT_MS);
  beat.unref();
  return {
    predecessor,
    async release() {
      clearInterval(beat);
      const current = await readFile(path, 'utf8').catch(() => '');
      if (current.includes(holder.id)) await removeIfThere(path);
      // Last, because a lock file with an id that is not held counts as a dead one's.
      held.delete(holder.id);
    },
  };
}

async function stateOf(path: string): Promise<'alive' | 'dead' | 'silent' | 'gone'> {
  try {
    const { mtimeMs } = await stat(path);
    const text = await readFile(path, 'utf8');
    const holder = text === '' ? undefined : (JSON.parse(text) as Holder);
    if (holder !== undefined && holder.host === hostname() && !isRunning(holder)) return 'dead';
    const patienceMs = holder === undefined ? UNNAMED_MS : SILENCE_MS;
    return Date.now() - mtimeMs > patienceMs ? 'silent' : 'alive';
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    if (cause instanceof SyntaxError) return 'dead';
    throw cause;
  }
}

function isRunning({ pid, id }: Holder): boolean {
  if (pid === process.pid) return held.has(id);
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Removes a lock that was found dead, and says what it was. One process at a time may: between a look and a removal
 * another could remove the dead lock and make a live one of its own, which would then be removed. Whoever finds this
 * guard in use looks again later.
 */
async function takeAway(path: string): Promise<'dead' | 'silent' | undefined> {
  const guard = `${path}.guard`;
  try {
    await (await open(guard, 'wx')).close();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    // It is held for two calls only, so an old one was left by a kill.
    const since = await stat(guard)
      .then(({ mtimeMs }) => Date.now() - mtimeMs)
      .catch(() => 0);
    if (since > GUARD_MS) await removeIfThere(guard);
    return undefined;
  }
  try {
    const state = await stateOf(path);
    if (state !== 'dead' && state !== 'silent') return undefined;
    await removeIfThere(path);
    return state;
  } finally {
    await removeIfThere(guard);
  }
}
