import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ResourceError } from '@hubfuse/plugin';
import { encodeHeader, type TensorLayout } from '@hubfuse/tensors';
import type { Genealogy } from '../evolution/genealogy.ts';
import type { MergePlan, PlannedTensor } from '../plan/merge-plan.ts';
import { BLOCK_ELEMENTS, RUN_BLOCKS } from './units.ts';

/** Free space that stays untouched, in bytes. */
const DISK_MARGIN = 64 << 20;

/** Name of an output while it is written; nothing stands under the final name before it is whole. */
export function temporaryName(path: string): string {
  return `${path}.partial`;
}

/** Identity of what a plan writes: a journal of another plan, or of another evolution, is of no use. */
export function planDigest(plan: MergePlan, genealogy?: Genealogy): string {
  // Units of another size are other units.
  const hash = createHash('sha256').update(JSON.stringify([plan, BLOCK_ELEMENTS, RUN_BLOCKS]));
  if (genealogy !== undefined) hash.update(JSON.stringify(genealogy));
  return hash.digest('hex');
}

/** Header of each output file, in the order of the plan. */
export function outputHeaders(plan: MergePlan): Uint8Array[] {
  return plan.outputs.map(({ masks }, output) => {
    const tensors =
      masks === true ? maskTensors(plan.tensors) : plan.tensors.filter((tensor) => tensor.output === output);
    return encodeHeader({ tensors, metadata: plan.metadata }).bytes;
  });
}

/** A byte for eight values, the last one filled up. */
function maskTensors(tensors: readonly PlannedTensor[]): TensorLayout[] {
  return tensors
    .filter(({ masks }) => masks !== undefined)
    .map(({ name, length }) => ({ name, dtype: 'U8', shape: [Math.ceil(length / 8)] }));
}

/**
 * Creates the temporary files with headers and full size. Existing ones are kept where `resume` says that a journal
 * vouches for their contents.
 */
export async function prepareOutputs(options: { plan: MergePlan; out: string; resume: boolean }): Promise<void> {
  const { plan, out, resume } = options;
  await mkdir(out, { recursive: true });
  if (!resume) {
    for (const { path } of plan.outputs) await rm(join(out, temporaryName(path)), { force: true });
    await requireDisk(out, plan.totals.writeBytes);
  }
  const headers = outputHeaders(plan);
  for (const [index, { path, size }] of plan.outputs.entries()) {
    await mkdir(dirname(join(out, path)), { recursive: true });
    const file = await open(join(out, temporaryName(path)), resume ? 'r+' : 'w');
    try {
      await file.write(headers[index] as Uint8Array, 0, undefined, 0);
      await file.truncate(size);
    } catch (cause) {
      throw noRoom(cause, { out, path });
    } finally {
      await file.close();
    }
  }
}

/**
 * Lays out the files of a result that is used at once, under their final names: headers and full size. Files that are
 * there with that size keep their room, and their contents until they are written over.
 */
export async function layOutputs(plan: MergePlan, out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  const headers = outputHeaders(plan);
  for (const [index, { path, size }] of plan.outputs.entries()) {
    const full = join(out, path);
    await mkdir(dirname(full), { recursive: true });
    const there = (await stat(full).catch(() => undefined))?.size === size;
    if (!there) await requireDisk(out, size);
    const file = await open(full, there ? 'r+' : 'w');
    try {
      await file.write(headers[index] as Uint8Array, 0, undefined, 0);
      await file.truncate(size);
    } catch (cause) {
      throw noRoom(cause, { out, path });
    } finally {
      await file.close();
    }
  }
  if (plan.index !== undefined) await writeFile(join(out, 'model.safetensors.index.json'), plan.index);
}

/** @throws ResourceError where the volume of `folder` has less free than `bytes` and a margin */
export async function requireDisk(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes + DISK_MARGIN) return;
  throw new ResourceError({
    code: 'merge/disk-full',
    where: folder,
    message: `the output takes ${megabytes(bytes)}, but only ${megabytes(free)} are free`,
    hint: 'free some space or choose another folder (--out)',
  });
}

/** Makes the outputs durable. */
export async function syncOutputs(plan: MergePlan, out: string): Promise<void> {
  await Promise.all(plan.outputs.map(({ path }) => syncPath(join(out, temporaryName(path)))));
}

/** Gives durable outputs their final names; the index of shards comes last. */
export async function nameOutputs(plan: MergePlan, out: string): Promise<void> {
  for (const { path } of plan.outputs) {
    const temporary = join(out, temporaryName(path));
    await mkdir(dirname(join(out, path)), { recursive: true });
    await rename(temporary, join(out, path));
  }
  if (plan.index !== undefined) {
    const path = join(out, 'model.safetensors.index.json');
    await writeFile(temporaryName(path), plan.index);
    await syncPath(temporaryName(path));
    await rename(temporaryName(path), path);
  }
  await syncPath(out);
}

async function syncPath(path: string): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    await file.sync();
  } finally {
    await file?.close();
  }
}

/** Whether all temporary files of the plan exist with their full size. */
export async function outputsExist(plan: MergePlan, out: string): Promise<boolean> {
  for (const { path, size } of plan.outputs) {
    const found = await stat(join(out, temporaryName(path))).catch(() => undefined);
    if (found?.size !== size) return false;
  }
  return true;
}

/** Reads a file where there is one. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function noRoom(cause: unknown, place: { out: string; path: string }): unknown {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EFBIG') return cause;
  return new ResourceError({
    code: 'merge/disk-full',
    where: place.out,
    message: `there is no room for ${place.path}`,
    hint: 'free some space or choose another folder (--out), then run the same command again: it resumes',
    cause,
  });
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
