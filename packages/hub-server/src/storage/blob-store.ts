import { createHash } from 'node:crypto';
import { createReadStream, constants as fsConstants } from 'node:fs';
import { chmod, copyFile, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HubError } from '@hubfuse/plugin';
import { hasCode, isMissing, syncFolder, temporaryName } from './atomic-file.ts';

/** What is known of a content that was stored. */
export interface StoredBlob {
  sha256: string;
  /** Bytes. */
  size: number;
}

export function isSha256(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** Contents by SHA-256. A blob appears under its name only when it is whole, verified and on the disk. */
export class BlobStore {
  readonly #folder: string;
  readonly #temporary: string;

  constructor({ folder, temporary }: { folder: string; temporary: string }) {
    this.#folder = folder;
    this.#temporary = temporary;
  }

  /** Where a blob lies or would lie. */
  path(sha256: string): string {
    return join(this.#folder, sha256.slice(0, 2), sha256);
  }

  /** Bytes of a blob, or undefined where it is not there. */
  async size(sha256: string): Promise<number | undefined> {
    try {
      return (await stat(this.path(sha256))).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** The whole of a blob: for small files. */
  read(sha256: string): Promise<Buffer> {
    return readFile(this.path(sha256));
  }

  /** A part of a blob. */
  async readPart(sha256: string, { offset, length }: { offset: number; length: number }): Promise<Buffer> {
    const handle = await open(this.path(sha256), 'r');
    try {
      const part = Buffer.alloc(length);
      await handle.read(part, 0, length, offset);
      return part;
    } finally {
      await handle.close();
    }
  }

  /** Stores bytes that are in memory. */
  async put(content: Uint8Array): Promise<StoredBlob> {
    const sha256 = createHash('sha256').update(content).digest('hex');
    if ((await this.size(sha256)) === undefined) {
      await this.receive({ chunks: [content], expected: { sha256, size: content.length } });
    }
    return { sha256, size: content.length };
  }

  /**
   * Stores bytes as they arrive, one chunk in memory at a time.
   * @throws HubError `hub-server/blob-mismatch` where they are not those that were announced; nothing is kept then.
   */
  async receive({
    chunks,
    expected,
  }: {
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
    expected?: StoredBlob;
  }): Promise<StoredBlob> {
    const temporary = temporaryName(this.#temporary);
    const handle = await open(temporary, 'wx');
    try {
      const hash = createHash('sha256');
      let size = 0;
      for await (const chunk of chunks) {
        size += chunk.length;
        if (expected !== undefined && size > expected.size)
          throw mismatch(expected, `more than ${expected.size} bytes`);
        hash.update(chunk);
        await handle.write(chunk);
      }
      const sha256 = hash.digest('hex');
      if (expected !== undefined && size !== expected.size) throw mismatch(expected, `${size} bytes`);
      if (expected !== undefined && sha256 !== expected.sha256) throw mismatch(expected, `SHA-256 ${sha256}`);
      await handle.sync();
      await handle.close();
      await this.#name(temporary, sha256);
      return { sha256, size };
    } catch (error) {
      await handle.close();
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** Stores a copy of a file; on file systems that can, the copy shares its blocks until one of the two changes. */
  async copyIn(file: string): Promise<StoredBlob> {
    const temporary = temporaryName(this.#temporary);
    try {
      await copyFile(file, temporary, fsConstants.COPYFILE_FICLONE);
      // The copy has the permissions of the original, which may be read-only.
      await chmod(temporary, 0o644);
      // The copy is hashed, not the original: the original may change in between.
      return await this.adopt(temporary);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /**
   * Moves a file of the same file system in; nothing may write to it any more.
   * @throws HubError `hub-server/blob-mismatch` where it does not hold what was announced; it stays where it is then.
   */
  async adopt(file: string, expected?: StoredBlob): Promise<StoredBlob> {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
    const sha256 = hash.digest('hex');
    if (expected !== undefined && (size !== expected.size || sha256 !== expected.sha256)) {
      throw mismatch(expected, `${size} bytes of SHA-256 ${sha256}`);
    }
    const handle = await open(file, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await this.#name(file, sha256);
    return { sha256, size };
  }

  async #name(temporary: string, sha256: string): Promise<void> {
    const path = this.path(sha256);
    try {
      await rename(temporary, path);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
      await mkdir(dirname(path), { recursive: true });
      await syncFolder(this.#folder);
      await rename(temporary, path);
    }
    await syncFolder(dirname(path));
  }
}

function mismatch(expected: StoredBlob, got: string): HubError {
  return new HubError({
    code: 'hub-server/blob-mismatch',
    message: `the content is not that of ${expected.sha256} (${expected.size} bytes): ${got} came`,
    hint: 'send the file again',
  });
}
