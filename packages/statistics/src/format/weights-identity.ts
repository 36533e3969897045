import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ModelFile, ModelSource } from '@hubfuse/plugin';
import { sha256OfFile } from '@hubfuse/tensors';

const CHUNK_BYTES = 4 << 20;

/**
 * The identity of a model's weights: the SHA-256 of its one safetensors file; of shards the SHA-256 of the lines
 * `<sha256>  <path>\n` in order of path, as `sha256sum` writes them. What the Hub states is believed; other files are
 * read.
 * @param files the weight files, as `Checkpoint.files` lists them
 */
export async function weightsSha256(options: {
  source: ModelSource;
  files: readonly ModelFile[];
  signal?: AbortSignal | undefined;
}): Promise<string> {
  const { source, files, signal } = options;
  const lines = await Promise.all(
    files.map(async (file) => ({ path: file.path, sha256: file.sha256 ?? (await hash(source, file, signal)) })),
  );
  const [first] = lines;
  if (lines.length === 1 && first !== undefined) return first.sha256;
  lines.sort((a, b) => (a.path < b.path ? -1 : 1));
  const list = lines.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join('');
  return createHash('sha256').update(list).digest('hex');
}

async function hash(source: ModelSource, file: ModelFile, signal: AbortSignal | undefined): Promise<string> {
  if (source.folder !== undefined) return await sha256OfFile(join(source.folder, file.path), signal);
  const digest = createHash('sha256');
  for (let start = 0; start < file.size; start += CHUNK_BYTES) {
    signal?.throwIfAborted();
    digest.update(await source.read(file.path, { start, end: Math.min(file.size, start + CHUNK_BYTES) }));
  }
  return digest.digest('hex');
}
