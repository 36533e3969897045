import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HubEvent } from '@hubfuse/hub';
import { ResourceError } from '@hubfuse/plugin';
import type { RunLimits } from '@hubfuse/recipe';
import type { ModelFolder } from '../model-folder.ts';
import type { RunPlan } from '../run-plan.ts';
import { scratchOf } from '../scratch-folder.ts';

/** Bytes of a block as `stat` counts them, whatever the file system's own are. */
const BLOCK_BYTES = 512;

/** What one execution has put onto the disk so far. */
export class DiskUse {
  readonly #folder: ModelFolder;
  readonly #workspace: string;
  readonly #runId: string;
  readonly #received = new Map<string, number>();

  constructor(options: { folder: ModelFolder; workspace: string; runId: string }) {
    this.#folder = options.folder;
    this.#workspace = options.workspace;
    this.#runId = options.runId;
  }

  hear(event: HubEvent): void {
    if (event.type === 'download') this.#received.set(`${event.repo}/${event.path}`, event.received);
  }

  /** Bytes that were downloaded, of the folder that is built and of scratch files. */
  async bytes(): Promise<number> {
    const downloaded = [...this.#received.values()].reduce((sum, bytes) => sum + bytes, 0);
    const folders = [this.#folder.temporary, ...(await scratchOf(this.#workspace, this.#runId))];
    const sizes = await Promise.all(folders.map(folderBytes));
    return sizes.reduce((sum, bytes) => sum + bytes, downloaded);
  }
}

/** Bytes that a folder takes; what vanishes meanwhile counts nothing. */
async function folderBytes(folder: string): Promise<number> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return await folderBytes(path);
      const facts = await stat(path).catch(() => undefined);
      // A file is given its whole length before it is filled.
      return facts === undefined ? 0 : Math.min(facts.size, facts.blocks * BLOCK_BYTES);
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** @throws ResourceError `run/disk-limit` where a plan needs more than the run may put onto the disk. */
export function checkPlannedDisk(runId: string, { bytes }: Pick<RunPlan, 'bytes'>, limits: RunLimits): void {
  const { disk } = limits;
  const planned = bytes.download + bytes.output;
  if (disk === undefined || planned <= disk) return;
  throw new ResourceError({
    code: 'run/disk-limit',
    where: 'limits.disk',
    message:
      `the run "${runId}" needs ${planned} bytes of disk (${bytes.download} for downloads, ${bytes.output} for the result), ` +
      `and may use ${disk}`,
    hint: 'raise limits.disk and retry the run',
  });
}

/** The error of a run that has put more onto the disk than it may. */
export function diskExceeded(facts: { runId: string; used: number; limit: number }): ResourceError {
  return new ResourceError({
    code: 'run/disk-limit',
    where: 'limits.disk',
    message: `the run "${facts.runId}" has put ${facts.used} bytes onto the disk, and may use ${facts.limit}`,
    hint: 'raise limits.disk and retry the run: it continues where it was',
  });
}
