import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { sha256OfFile } from '@hubfuse/tensors';
import { isRead } from '../fetch-inputs.ts';

/**
 * A word for the content of a model folder: equal for equal weights, config and tokenizer, wherever they lie. Checksums
 * that are known already (`sha256`) are believed, as they were verified when the files came.
 */
export async function modelIdentity(options: {
  folder: string;
  files: readonly { path: string; sha256?: string }[];
  signal?: AbortSignal | undefined;
}): Promise<string> {
  const { folder, files, signal } = options;
  const hash = createHash('sha256');
  const read = files.filter(({ path }) => isRead(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
  const checksums = await Promise.all(
    read.map(({ path, sha256 }) => sha256 ?? sha256OfFile(join(folder, path), signal)),
  );
  for (const [index, { path }] of read.entries()) hash.update(`${path}\0${checksums[index]}\n`);
  return hash.digest('hex');
}

/** The same for an output ensemble of models. */
export function ensembleIdentity(members: readonly string[]): string {
  return createHash('sha256')
    .update(`ensemble\n${members.join('\n')}`)
    .digest('hex');
}
