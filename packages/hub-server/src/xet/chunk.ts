import { unpackFrame } from './lz4-frame.ts';
import { malformed } from './malformed.ts';

/** Bytes of the header in front of every chunk of a xorb. */
export const CHUNK_HEADER_BYTES = 8;

/** Clients cut files into chunks of at most this size. */
const MAX_CHUNK_BYTES = 256 * 1024;

const SCHEMES = ['none', 'lz4', 'grouped-lz4'] as const;

/** How a chunk lies in a xorb. */
export interface ChunkHeader {
  scheme: (typeof SCHEMES)[number];
  /** Bytes in the xorb, without the header. */
  packed: number;
  /** Bytes of the content. */
  length: number;
}

/** Reads a header: version, packed length (24 bits), scheme, length (24 bits). */
export function parseChunkHeader(bytes: Buffer): ChunkHeader {
  const scheme = SCHEMES[bytes.readUInt8(4)];
  const packed = bytes.readUIntLE(1, 3);
  const length = bytes.readUIntLE(5, 3);
  if (bytes.readUInt8(0) !== 0 || scheme === undefined || length > MAX_CHUNK_BYTES) {
    throw malformed('a chunk of a xorb has an unknown form');
  }
  if (scheme === 'none' && packed !== length) throw malformed('a chunk that is not packed has two lengths');
  return { scheme, packed, length };
}

/** The content of a chunk. */
export function unpackChunk(header: ChunkHeader, packed: Uint8Array): Uint8Array {
  switch (header.scheme) {
    case 'none':
      return packed;
    case 'lz4':
      return unpackFrame(packed, header.length);
    case 'grouped-lz4':
      return ungroup(unpackFrame(packed, header.length));
  }
}

/** Undoes the grouping of bytes by their place in a word of four, which makes floating point numbers pack better. */
export function ungroup(grouped: Uint8Array): Uint8Array {
  const result = new Uint8Array(grouped.length);
  let read = 0;
  for (let place = 0; place < 4; place++) {
    for (let i = place; i < grouped.length; i += 4) result[i] = grouped[read++] ?? 0;
  }
  return result;
}
