import { open } from 'node:fs/promises';
import { HubError, type ModelFile } from '@hubfuse/plugin';
import { fileAddress, type RepoAddress } from './addresses.ts';
import { cachedBlob, cachedSnapshotFile, type RepoCache } from './cache-layout.ts';
import { matchesChecksum } from './checksum.ts';
import { explainingFetch } from './explaining-fetch.ts';
import type { Transport } from './transport.ts';

/** Half-open range of bytes. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * A read of less than this is widened to it: a header's length and the header itself, or the entries of a small index, are
 * then one request.
 */
const WINDOW_BYTES = 128 * 1024;
const MAX_WINDOWS = 32;

interface Window extends ByteRange {
  path: string;
  bytes: Promise<Uint8Array>;
}

/** Reads parts of the files of one pinned repository: from the cache where they are there, else by range request. */
export class RangedReader {
  readonly #transport: Transport;
  readonly #address: RepoAddress;
  readonly #revision: string;
  readonly #cache: RepoCache;
  readonly #windows: Window[] = [];

  constructor(input: { transport: Transport; address: RepoAddress; revision: string; cache: RepoCache }) {
    this.#transport = input.transport;
    this.#address = input.address;
    this.#revision = input.revision;
    this.#cache = input.cache;
  }

  async read(file: ModelFile, range: ByteRange): Promise<Uint8Array> {
    if (range.start >= range.end) return new Uint8Array(0);
    const local =
      (await cachedBlob(this.#cache, file)) ?? (await cachedSnapshotFile(this.#cache, this.#revision, file));
    if (local !== undefined) return await readPart(local, range);
    if (range.end - range.start >= WINDOW_BYTES) return await this.#request(file, range);
    const window = this.#windowOver(file, range);
    const bytes = await window.bytes;
    return bytes.slice(range.start - window.start, range.end - window.start);
  }

  /** The window that covers a range; a new one is shared by whoever asks while it is on its way. */
  #windowOver(file: ModelFile, range: ByteRange): Window {
    const known = this.#windows.find(
      (window) => window.path === file.path && window.start <= range.start && range.end <= window.end,
    );
    if (known !== undefined) return known;
    const wide = { start: range.start, end: Math.min(file.size, range.start + WINDOW_BYTES) };
    const window = { path: file.path, ...wide, bytes: this.#request(file, wide) };
    this.#windows.push(window);
    if (this.#windows.length > MAX_WINDOWS) this.#windows.shift();
    window.bytes.catch(() => this.#windows.splice(this.#windows.indexOf(window), 1));
    return window;
  }

  async #request(file: ModelFile, range: ByteRange): Promise<Uint8Array> {
    const whole = range.start === 0 && range.end === file.size;
    const { type, repo } = this.#address;
    const subject = { type, repo, revision: this.#revision, path: file.path };
    const response = await explainingFetch(this.#transport, subject)(
      fileAddress(this.#address, this.#revision, file.path),
      {
        headers: {
          // A compressed body has other offsets than the file.
          'accept-encoding': 'identity',
          ...(whole ? {} : { range: `bytes=${range.start}-${range.end - 1}` }),
        },
      },
    );
    const received = new Uint8Array(await response.arrayBuffer());
    // A server without ranges sends everything.
    const bytes =
      response.status === 200 && !whole && received.byteLength === file.size
        ? received.slice(range.start, range.end)
        : received;
    const right = whole ? matchesChecksum(file, bytes) : bytes.byteLength === range.end - range.start;
    if (right) return bytes;
    throw new HubError({
      code: 'hub/corrupt',
      where: `${repo}/${file.path}`,
      message: `the Hub sent ${bytes.byteLength} bytes for bytes ${range.start} to ${range.end}, and they are not the file's`,
      hint: 'run again; if it stays so, a proxy on the way changes files',
    });
  }
}

/** Reads a range of a file on disk. */
export async function readPart(path: string, range: ByteRange): Promise<Uint8Array> {
  const bytes = new Uint8Array(range.end - range.start);
  const handle = await open(path, 'r');
  try {
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, at, bytes.length - at, range.start + at);
      if (bytesRead === 0) {
        throw new HubError({
          code: 'hub/short-file',
          where: path,
          message: `the file ends at byte ${range.start + at}, before byte ${range.end}`,
          hint: 'it was changed while it was read; run again',
        });
      }
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
  return bytes;
}

/** The bytes that a caller of `ModelSource.read` means. @throws HubError `hub/bad-range` */
export function resolveRange(file: ModelFile, range: { start: number; end?: number } | undefined): ByteRange {
  const { start, end } = { start: range?.start ?? 0, end: range?.end ?? file.size };
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end && end <= file.size) {
    return { start, end };
  }
  throw new HubError({
    code: 'hub/bad-range',
    where: file.path,
    message: `bytes ${start} to ${end} are not within the file's ${file.size} bytes`,
  });
}
