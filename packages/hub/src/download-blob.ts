import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HubError, type ModelFile, type Semaphore, settleAll } from '@hubfuse/plugin';
import { fileAddress, type RepoAddress } from './addresses.ts';
import { lockBlob, removeDeadLock } from './blob-lock.ts';
import { blobName, type RepoCache, sizeOf } from './cache-layout.ts';
import type { DownloadEvent } from './events.ts';
import { FileLocation } from './file-location.ts';
import { discardLeftovers, PartialDownload, partialName } from './partial-download.ts';
import type { ByteRange } from './ranged-reader.ts';
import { TransientFailure, withRetry } from './transient.ts';
import type { Transport } from './transport.ts';

const DEFAULT_RANGE_BYTES = 8 * 1024 * 1024;
/** What is lost of a range by a kill, at most. */
const NOTE_BYTES = 1024 * 1024;
/** An attempt that brought at least this much got somewhere. */
const PROGRESS_BYTES = 64 * 1024;
/** A checksum that is wrong twice over two whole transfers is no accident of one of them. */
const ROUNDS = 2;

export interface BlobDownload {
  transport: Transport;
  address: RepoAddress;
  revision: string;
  cache: RepoCache;
  file: ModelFile;
  /** Shared by all files, so that it bounds the connections. */
  connections: Semaphore;
}

/**
 * Brings the contents of one file into the cache and returns their path: ranges in parallel, continued after a kill,
 * under their final name only when size and checksum are right.
 * @throws HubError `hub/corrupt` where the checksum stays wrong
 */
export async function downloadBlob(download: BlobDownload): Promise<string> {
  const { transport, cache, file } = download;
  const blob = join(cache.blobs, blobName(file) ?? encodeURIComponent(`${download.revision}/${file.path}`));
  const isDone = async () => (await sizeOf(blob)) === file.size;
  await mkdir(cache.blobs, { recursive: true });
  for (;;) {
    const lock = await lockBlob({
      path: lockPath(cache, file),
      isDone,
      signal: transport.options.signal,
      clock: transport.clock,
    });
    if (lock === undefined) return blob;
    try {
      if (await receive(download, blob, lock.predecessor === 'silent')) return blob;
    } finally {
      await lock.release();
    }
  }
}

/** Tidies up behind a process that was killed when the contents stood under their name and its notes were not gone yet. */
export async function tidyBlob(cache: RepoCache, file: ModelFile): Promise<void> {
  if (await removeDeadLock(lockPath(cache, file))) await discardLeftovers(cache, file);
}

function lockPath(cache: RepoCache, file: ModelFile): string {
  return join(cache.locks, `${partialName(file)}.lock`);
}

/** False where another process took over what this one had received: then it is at it. */
async function receive(download: BlobDownload, blob: string, shared: boolean): Promise<boolean> {
  const { file, address } = download;
  let found = '';
  for (let round = 1; round <= ROUNDS; round++) {
    const partial = await PartialDownload.open(download.cache, file, shared && round === 1);
    const report = reporter(download, partial);
    report(partial.received > 0 ? 'resumed' : 'started');
    let verdict: { right: boolean; found: string };
    try {
      await receiveRanges(download, partial, () => report('receiving'));
      verdict = await partial.verify();
    } catch (failure) {
      await partial.close();
      throw failure;
    }
    if (verdict.right) {
      const finished = await partial.finish(blob);
      if (finished) report('verified');
      return finished;
    }
    found = verdict.found;
    await partial.discard();
  }
  throw new HubError({
    code: 'hub/corrupt',
    where: `${address.repo}/${file.path}`,
    message: `what arrived is not the file: its checksum is ${found}, the Hub states ${blobName(file) ?? 'none'}`,
    hint: 'it was fetched twice; a proxy on the way changes files, or the Hub holds a damaged one',
  });
}

function reporter({ transport, address, file }: BlobDownload, partial: PartialDownload) {
  return (state: DownloadEvent['state']) =>
    transport.options.onProgress?.({
      type: 'download',
      repo: address.repo,
      path: file.path,
      received: partial.received,
      size: file.size,
      state,
    });
}

async function receiveRanges(download: BlobDownload, partial: PartialDownload, report: () => void): Promise<void> {
  const { transport, address, revision, file, connections } = download;
  const where = fileAddress(address, revision, file.path);
  const subject = { ...address, revision, path: file.path };
  const location = new FileLocation(transport, subject, where);
  const failed = new AbortController();
  const ranges = partial.missing(transport.options.rangeBytes ?? DEFAULT_RANGE_BYTES);
  await settleAll(
    ranges.map((range) =>
      connections.run(async () => {
        // One failure for good ends the file: the ranges that wait must not begin.
        if (failed.signal.aborted) return;
        try {
          await receiveRange({ download, partial, location, range, report });
        } catch (failure) {
          failed.abort();
          throw failure;
        }
      }),
    ),
  );
}

async function receiveRange(input: {
  download: BlobDownload;
  partial: PartialDownload;
  location: FileLocation;
  range: ByteRange;
  report: () => void;
}): Promise<void> {
  const { download, partial, location, report } = input;
  const { transport, address, file } = download;
  let at = input.range.start;
  const { end } = input.range;
  await withRetry({
    request: `GET ${address.repo}/${file.path}`,
    options: transport.options,
    clock: transport.clock,
    attempt: async () => {
      const before = at;
      try {
        const whole = at === 0 && end === file.size;
        const { body, response, close } = await location.open({
          // A compressed body has other offsets than the file.
          'accept-encoding': 'identity',
          ...(whole ? {} : { range: `bytes=${at}-${end - 1}` }),
        });
        let position = firstByteOf(response, { at, whole, file, address });
        let pieces: Uint8Array[] = [];
        let gathered = 0;
        // Bodies come in pieces of 16 to 64 KiB; each write is a turn through the thread pool.
        const store = async () => {
          await partial.write(Buffer.concat(pieces), at);
          await partial.note({ start: at, end: at + gathered });
          at += gathered;
          pieces = [];
          gathered = 0;
        };
        try {
          for await (const piece of body) {
            // A server without ranges sends bytes from the beginning, and beyond the end.
            const next = at + gathered;
            const wanted = piece.subarray(Math.max(0, next - position), Math.max(0, end - position));
            position += piece.byteLength;
            pieces.push(wanted);
            gathered += wanted.byteLength;
            if (gathered < NOTE_BYTES && next + wanted.byteLength < end) continue;
            await store();
            report();
            if (at === end) break;
          }
        } finally {
          close();
          if (gathered > 0) await store();
        }
        if (at < end) throw cut({ at, end, address, file });
      } catch (failure) {
        if (failure instanceof TransientFailure) failure.progressed = at - before >= PROGRESS_BYTES;
        throw failure;
      }
    },
  });
}

/** Position in the file of the first byte of a response. @throws HubError where the response is not about this file */
function firstByteOf(
  response: Response,
  { at, whole, file, address }: { at: number; whole: boolean; file: ModelFile; address: RepoAddress },
): number {
  if (response.status === 200) return 0;
  const stated = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  const right =
    response.status === 206 && stated?.[1] === String(at) && (stated[2] === '*' || stated[2] === String(file.size));
  if (right && !whole) return at;
  throw new HubError({
    code: 'hub/bad-answer',
    where: `${address.repo}/${file.path}`,
    message: `the Hub was asked for bytes from ${at} of ${file.size} and answered ${response.status} with "${response.headers.get('content-range') ?? 'no Content-Range'}"`,
    hint: 'a proxy on the way may change requests; run again without it',
  });
}

function cut(input: { at: number; end: number; address: RepoAddress; file: ModelFile }): TransientFailure {
  const { at, end, address, file } = input;
  return new TransientFailure({
    reason: 'the connection was cut',
    final: new HubError({
      code: 'hub/unreachable',
      where: `${address.repo}/${file.path}`,
      message: `the connection was cut at byte ${at} of the range that ends at ${end}, again and again`,
      hint: 'run again: what was transferred is kept',
    }),
  });
}
