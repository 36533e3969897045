import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { ModelFile } from '@hubfuse/plugin';

/** Large pieces: hashing is bound by the number of reads otherwise. */
const READ_BYTES = 1 << 20;

/** A checksum under way for a file's contents, by whatever the Hub states: SHA-256, or git's SHA-1 over header and contents. */
export function startChecksum(file: ModelFile): { hash: Hash; expected: string } | undefined {
  if (file.sha256 !== undefined) return { hash: createHash('sha256'), expected: file.sha256 };
  if (file.oid === undefined) return undefined;
  return { hash: createHash('sha1').update(`blob ${file.size}\0`), expected: file.oid };
}

/** Whether bytes are the file's contents; true where the Hub states no checksum and the size is right. */
export function matchesChecksum(file: ModelFile, bytes: Uint8Array): boolean {
  if (bytes.byteLength !== file.size) return false;
  const checksum = startChecksum(file);
  return checksum === undefined || checksum.hash.update(bytes).digest('hex') === checksum.expected;
}

/** Git's name of the contents of a file on disk. */
export async function gitOidOfFile(path: string, size: number): Promise<string> {
  const hash = createHash('sha1').update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
