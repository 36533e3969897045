import { statfs } from 'node:fs/promises';

/** Linux' file system in memory. */
const FOLDER = '/dev/shm';

/** A folder whose files lie in memory; undefined where there is none, or where it must not or cannot hold so many bytes. */
export async function memoryFolder(options: { bytes: number; most: number }): Promise<string | undefined> {
  const { bytes, most } = options;
  if (bytes > most) return undefined;
  const facts = await statfs(FOLDER).catch(() => undefined);
  return facts !== undefined && facts.bavail * facts.bsize > 2 * bytes ? FOLDER : undefined;
}
