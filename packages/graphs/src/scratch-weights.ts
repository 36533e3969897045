import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GraphError } from '@hubfuse/plugin';

/** A folder for weights that are scored and thrown away. */
export interface ScratchWeights {
  folder: string;
  /** `tmpfs`: the files are memory. `disk`: they are in the page cache as long as there is room. */
  kind: 'tmpfs' | 'disk';
  /** Bytes that the files take from the memory that the user allows: their size on tmpfs, 0 on a disk. */
  memory: number;
  /** Removes the folder and what is in it. */
  remove(): Promise<void>;
}

export interface ScratchWeightsOptions {
  /** Bytes that the files will have. */
  bytes: number;
  /** Bytes of memory that may be used for them. */
  memory: number;
  /** A memory file system. Default `/dev/shm`; where it is none, it is not used. */
  tmpfs?: string | undefined;
  /** Where files go otherwise. Default: the system's folder for temporary files. */
  disk?: string | undefined;
}

/** f_type of tmpfs (linux/magic.h). */
const TMPFS_MAGIC = 0x01021994;
/** Share of a file system that is left to others. */
const MARGIN = 1.1;

/**
 * Opens a folder for a candidate's safetensors file. A mapped file is the cheapest way into a session: weights handed
 * over as buffers are copied twice. So a candidate goes to tmpfs where the memory suffices, which spares the disk, and
 * else to a disk; the graph is the same.
 * @throws GraphError where neither has room
 */
export async function openScratchWeights(options: ScratchWeightsOptions): Promise<ScratchWeights> {
  const { bytes, memory, tmpfs = '/dev/shm', disk = tmpdir() } = options;
  if (bytes <= memory && (await freeBytes(tmpfs, TMPFS_MAGIC)) >= bytes * MARGIN) {
    return scratch(await mkdtemp(join(tmpfs, 'hubfuse-')), 'tmpfs', bytes);
  }
  const free = await freeBytes(disk);
  if (free >= bytes * MARGIN) return scratch(await mkdtemp(join(disk, 'hubfuse-')), 'disk', 0);
  throw new GraphError({
    code: 'graph/no-scratch-space',
    where: disk,
    message: `a candidate takes ${bytes} bytes, of which only ${free} are free`,
    hint: 'free some space, or set TMPDIR to a larger disk',
  });
}

function scratch(folder: string, kind: ScratchWeights['kind'], memory: number): ScratchWeights {
  return { folder, kind, memory, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Free bytes of the file system of a folder; 0 where there is no such folder or it is of another type. */
async function freeBytes(folder: string, type?: number): Promise<number> {
  try {
    const { bavail, bsize, type: actual } = await statfs(folder);
    return type === undefined || actual === type ? bavail * bsize : 0;
  } catch {
    return 0;
  }
}
