import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ResourceError } from '@hubfuse/plugin';

/** Left free beside what is written, for directories, journals and neighbours. */
const MARGIN_BYTES = 64 * 1024 * 1024;

/** Bytes that a user may still write where `path` is or will be. */
export async function freeBytes(path: string): Promise<number> {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch (cause) {
      const { code = '' } = cause as NodeJS.ErrnoException;
      if (!['ENOENT', 'ENOTDIR'].includes(code) || dirname(at) === at) throw cause;
    }
  }
}

/** @throws ResourceError `hub/disk-full` where `bytes` more do not fit */
export async function requireFreeBytes(input: {
  path: string;
  bytes: number;
  purpose: string;
  hint: string;
  /** Stands in for the file system's answer. */
  free?: number | undefined;
}): Promise<void> {
  const { path, bytes, purpose, hint } = input;
  if (bytes === 0) return;
  const free = input.free ?? (await freeBytes(path));
  if (bytes + MARGIN_BYTES <= free) return;
  throw new ResourceError({
    code: 'hub/disk-full',
    where: path,
    message: `${purpose} needs ${inGigabytes(bytes)} and ${inGigabytes(MARGIN_BYTES)} to spare, and ${inGigabytes(free)} are free`,
    hint,
  });
}

function inGigabytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
