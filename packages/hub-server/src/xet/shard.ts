import { malformed } from './malformed.ts';

/*
 * A shard describes files as runs of chunks of xorbs. Only its first section, the files, matters here. Layout: a header
 * of 48 bytes, then per file 48 bytes (hash, flags, number of runs), 48 bytes per run, 48 bytes per run where flagged
 * (hashes of the runs), 48 bytes where flagged (SHA-256 of the file), and an entry of 0xff bytes at the end.
 */

const ENTRY_BYTES = 48;
const TAG = 'HFRepoMetaData';
const WITH_RUN_HASHES = 0x80000000;
const WITH_SHA256 = 0x40000000;

/** Consecutive chunks of one xorb. */
export interface Run {
  xorb: string;
  /** First chunk, and the first after the run. */
  start: number;
  end: number;
  /** Bytes of content. */
  bytes: number;
}

/** A file as a shard describes it. */
export interface ShardFile {
  sha256: string | undefined;
  runs: readonly Run[];
}

/** The files of a shard. @throws HubError where it is not one. */
export function parseShard(shard: Buffer): ShardFile[] {
  if (shard.length < ENTRY_BYTES || shard.toString('latin1', 0, TAG.length) !== TAG)
    throw malformed('this is no shard');
  let position = ENTRY_BYTES;
  const entry = (): Buffer => {
    if (position + ENTRY_BYTES > shard.length) throw malformed('the shard is cut');
    const bytes = shard.subarray(position, position + ENTRY_BYTES);
    position += ENTRY_BYTES;
    return bytes;
  };
  const files: ShardFile[] = [];
  for (let head = entry(); !isEnd(head); head = entry()) {
    const flags = head.readUInt32LE(32);
    const count = head.readUInt32LE(36);
    const runs: Run[] = [];
    for (let i = 0; i < count; i++) runs.push(parseRun(entry()));
    if ((flags & WITH_RUN_HASHES) !== 0) for (let i = 0; i < count; i++) entry();
    files.push({ sha256: (flags & WITH_SHA256) === 0 ? undefined : readHash(entry()), runs });
  }
  return files;
}

function parseRun(bytes: Buffer): Run {
  const run = {
    xorb: readHash(bytes),
    bytes: bytes.readUInt32LE(36),
    start: bytes.readUInt32LE(40),
    end: bytes.readUInt32LE(44),
  };
  if (run.end <= run.start) throw malformed('a run of a shard has no chunks');
  return run;
}

function isEnd(bytes: Buffer): boolean {
  return bytes.subarray(0, 32).every((byte) => byte === 0xff);
}

/** Hashes lie as four little-endian words of 64 bits and are written as hexadecimal words. */
export function readHash(bytes: Buffer): string {
  let hash = '';
  for (let word = 0; word < 32; word += 8) hash += bytes.readBigUInt64LE(word).toString(16).padStart(16, '0');
  return hash;
}
