import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing, readIfThere, replaceFile, syncFolder, temporaryName, toFileName } from '../storage/atomic-file.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import { CHUNK_HEADER_BYTES, type ChunkHeader, parseChunkHeader, unpackChunk } from './chunk.ts';
import { malformed } from './malformed.ts';

/** Largest xorb that is taken: 64 MiB of packed chunks, their headers and a footer. */
const MAX_XORB_BYTES = 80 * 1024 * 1024;

/** Indexes kept in memory. */
const MAX_REMEMBERED = 16;

const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/** First bytes of the footer that some clients send after the chunks. */
const FOOTER = 'XETBLOB';

interface XorbChunk extends ChunkHeader {
  /** Where the packed bytes begin in the xorb. */
  offset: number;
  /** Where the content lies since a file that holds it was put together. */
  blob?: { sha256: string; offset: number };
}

/**
 * Packed chunks that clients uploaded, each account's by itself: who knows the hash of another's xorb gains nothing. Once
 * every chunk of a xorb is part of a blob, the xorb itself is removed and its chunks are read from the blobs.
 */
export class XorbStore {
  readonly #folder: string;
  readonly #temporary: string;
  readonly #blobs: BlobStore;
  /** Indexes of the xorbs that were used last: files with many short runs ask for the same ones again and again. */
  readonly #indexes = new Map<string, XorbChunk[]>();

  constructor(parts: { folder: string; temporary: string; blobs: BlobStore }) {
    this.#folder = parts.folder;
    this.#temporary = parts.temporary;
    this.#blobs = parts.blobs;
  }

  /** Stores a xorb as it arrives. @throws HubError where it does not consist of chunks. */
  async receive(xorb: XorbName, body: AsyncIterable<Uint8Array>): Promise<void> {
    const temporary = temporaryName(this.#temporary);
    const handle = await open(temporary, 'wx+');
    try {
      let size = 0;
      for await (const part of body) {
        size += part.length;
        if (size > MAX_XORB_BYTES) throw malformed('the xorb is too large');
        await handle.write(part);
      }
      const chunks = await listChunks(handle, size);
      await handle.sync();
      const path = this.#path(xorb);
      await mkdir(dirname(path), { recursive: true });
      await rename(temporary, path);
      await syncFolder(dirname(path));
      await this.#writeIndex(xorb, chunks);
    } finally {
      await handle.close();
      await rm(temporary, { force: true });
    }
  }

  /** Contents of the chunks from `start` to before `end`, in order. @throws HubError where they are not there. */
  async *read(xorb: XorbName, { start, end }: { start: number; end: number }): AsyncGenerator<Uint8Array> {
    const chunks = (await this.#index(xorb)).slice(start, end);
    if (chunks.length !== end - start) throw malformed(`the xorb ${xorb.hash} has no chunk ${end - 1}`);
    let raw: FileHandle | undefined;
    try {
      for (const chunk of chunks) {
        if (chunk.blob !== undefined) {
          yield await this.#blobs.readPart(chunk.blob.sha256, { offset: chunk.blob.offset, length: chunk.length });
          continue;
        }
        raw ??= await open(this.#path(xorb), 'r');
        const packed = Buffer.alloc(chunk.packed);
        await raw.read(packed, 0, chunk.packed, chunk.offset);
        yield unpackChunk(chunk, packed);
      }
    } finally {
      await raw?.close();
    }
  }

  /** Notes where the contents of chunks lie now, and drops the xorb when nothing needs it any more. */
  async place(
    xorb: XorbName,
    runs: readonly { start: number; end: number; offset: number }[],
    blob: string,
  ): Promise<void> {
    const chunks = await this.#index(xorb);
    for (const { start, end, offset } of runs) {
      let at = offset;
      for (const chunk of chunks.slice(start, end)) {
        chunk.blob ??= { sha256: blob, offset: at };
        at += chunk.length;
      }
    }
    await this.#writeIndex(xorb, chunks);
    if (chunks.every((chunk) => chunk.blob !== undefined)) await rm(this.#path(xorb), { force: true });
  }

  /** Removes xorbs that no file has used a day after their upload: their clients were killed. */
  async removeAbandoned(): Promise<void> {
    for (const account of await namesIn(this.#folder)) {
      for (const name of await namesIn(join(this.#folder, account))) {
        const path = join(this.#folder, account, name);
        if (!name.endsWith('.json') || Date.now() - (await stat(path)).mtimeMs < ABANDONED_AFTER_MS) continue;
        const chunks = JSON.parse((await readIfThere(path)) ?? '[]') as XorbChunk[];
        if (chunks.some((chunk) => chunk.blob !== undefined)) continue;
        await rm(path, { force: true });
        await rm(path.slice(0, -'.json'.length), { force: true });
      }
    }
  }

  async #index(xorb: XorbName): Promise<XorbChunk[]> {
    const path = this.#path(xorb);
    const known = this.#indexes.get(path);
    if (known !== undefined) return known;
    const text = await readIfThere(`${path}.json`);
    if (text === undefined) throw malformed(`the xorb ${xorb.hash} was not uploaded`);
    const chunks = JSON.parse(text) as XorbChunk[];
    this.#remember(path, chunks);
    return chunks;
  }

  async #writeIndex(xorb: XorbName, chunks: XorbChunk[]): Promise<void> {
    const path = this.#path(xorb);
    await replaceFile(`${path}.json`, JSON.stringify(chunks));
    this.#remember(path, chunks);
  }

  #remember(path: string, chunks: XorbChunk[]): void {
    this.#indexes.delete(path);
    this.#indexes.set(path, chunks);
    for (const oldest of this.#indexes.keys()) {
      if (this.#indexes.size <= MAX_REMEMBERED) break;
      this.#indexes.delete(oldest);
    }
  }

  #path({ account, hash }: XorbName): string {
    return join(this.#folder, toFileName(account), hash);
  }
}

export interface XorbName {
  account: string;
  /** 64 hexadecimal digits. */
  hash: string;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function listChunks(handle: FileHandle, size: number): Promise<XorbChunk[]> {
  const chunks: XorbChunk[] = [];
  const header = Buffer.alloc(CHUNK_HEADER_BYTES);
  let position = 0;
  while (position < size) {
    const { bytesRead } = await handle.read(header, 0, CHUNK_HEADER_BYTES, position);
    if (bytesRead < CHUNK_HEADER_BYTES) throw malformed('the xorb is cut');
    if (header.toString('latin1', 0, FOOTER.length) === FOOTER) break;
    const chunk = parseChunkHeader(header);
    const offset = position + CHUNK_HEADER_BYTES;
    position = offset + chunk.packed;
    if (position > size) throw malformed('the xorb is cut');
    chunks.push({ ...chunk, offset });
  }
  return chunks;
}
