import { randomBytes } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HubError } from '@hubfuse/plugin';
import { readIfThere, replaceFile } from './atomic-file.ts';
import type { BlobStore, StoredBlob } from './blob-store.ts';

/** Contents that arrive in parts, each written at its place in one file, which is hashed when all are there. */
export class MultipartUploads {
  readonly #folder: string;
  readonly #blobs: BlobStore;

  constructor({ folder, blobs }: { folder: string; blobs: BlobStore }) {
    this.#folder = folder;
    this.#blobs = blobs;
  }

  /** Begins an upload and names it. */
  async begin(): Promise<string> {
    const upload = randomBytes(16).toString('hex');
    await mkdir(join(this.#folder, upload));
    const handle = await open(this.#content(upload), 'wx');
    await handle.close();
    return upload;
  }

  /** Stores one part, which begins at `start` and has exactly `length` bytes. @returns the part's etag. */
  async receivePart({
    upload,
    number,
    start,
    length,
    chunks,
  }: {
    upload: string;
    number: number;
    start: number;
    length: number;
    chunks: AsyncIterable<Uint8Array>;
  }): Promise<string> {
    const handle = await open(this.#content(upload), 'r+');
    try {
      let written = 0;
      for await (const chunk of chunks) {
        if (written + chunk.length > length) throw wrongPart(number, `it has more than ${length} bytes`);
        await handle.write(chunk, 0, chunk.length, start + written);
        written += chunk.length;
      }
      if (written !== length) throw wrongPart(number, `it has ${written} bytes, not ${length}`);
    } finally {
      await handle.close();
    }
    const etag = randomBytes(16).toString('hex');
    await replaceFile(this.#etag(upload, number), etag);
    return etag;
  }

  /**
   * Turns the parts into a blob.
   * @throws HubError where a part is missing or the whole is not what was announced; the parts are kept.
   */
  async complete({
    upload,
    etags,
    expected,
  }: {
    upload: string;
    etags: readonly string[];
    expected: StoredBlob;
  }): Promise<void> {
    for (const [index, etag] of etags.entries()) {
      const stored = await readIfThere(this.#etag(upload, index + 1));
      if (stored === undefined || stored !== etag) throw wrongPart(index + 1, 'it was not uploaded');
    }
    await this.#blobs.adopt(this.#content(upload), expected);
    await rm(join(this.#folder, upload), { recursive: true, force: true });
  }

  #content(upload: string): string {
    return join(this.#folder, upload, 'content');
  }

  #etag(upload: string, number: number): string {
    return join(this.#folder, upload, `${number}.etag`);
  }
}

function wrongPart(number: number, why: string): HubError {
  return new HubError({ code: 'hub-server/blob-mismatch', message: `part ${number} cannot be used: ${why}` });
}
