import { malformed } from './malformed.ts';

const MAGIC = 0x184d2204;
const SHORTEST_MATCH = 4;

/**
 * Unpacks one LZ4 frame (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md). Checksums
 * are skipped: whoever calls verifies the SHA-256 of the whole.
 * @throws HubError where the frame is broken or does not unpack to exactly `length` bytes.
 */
export function unpackFrame(frame: Uint8Array, length: number): Uint8Array {
  const input = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const output = new Uint8Array(length);
  if (frame.length < 7 || input.getUint32(0, true) !== MAGIC) throw malformed('a chunk is no LZ4 frame');
  const flags = input.getUint8(4);
  if (flags >> 6 !== 1) throw malformed('an LZ4 frame has an unknown version');
  const blockChecksum = (flags & 0x10) === 0 ? 0 : 4;
  const contentSize = (flags & 0x08) === 0 ? 0 : 8;
  const dictionary = (flags & 0x01) === 0 ? 0 : 4;
  let position = 7 + contentSize + dictionary;
  let written = 0;
  for (;;) {
    if (position + 4 > frame.length) throw malformed('an LZ4 frame has no end');
    const header = input.getUint32(position, true);
    position += 4;
    if (header === 0) break;
    const size = header & 0x7fffffff;
    if (position + size > frame.length) throw malformed('an LZ4 block is cut');
    const block = frame.subarray(position, position + size);
    const stored = header >>> 31 === 1;
    written = stored ? copyBlock(block, output, written) : unpackBlock(block, output, written);
    position += size + blockChecksum;
  }
  if (written !== length) throw malformed(`an LZ4 frame has ${written} bytes instead of ${length}`);
  return output;
}

function copyBlock(block: Uint8Array, output: Uint8Array, at: number): number {
  if (at + block.length > output.length) throw malformed('an LZ4 frame is longer than it says');
  output.set(block, at);
  return at + block.length;
}

function unpackBlock(block: Uint8Array, output: Uint8Array, at: number): number {
  let read = 0;
  let written = at;
  const next = (): number => {
    const byte = block[read++];
    if (byte === undefined) throw malformed('an LZ4 block is cut');
    return byte;
  };
  /** Lengths of 15 go on in further bytes until one is not 255. */
  const longLength = (short: number): number => {
    let length = short;
    if (short !== 15) return length;
    for (let byte = 255; byte === 255; length += byte) byte = next();
    return length;
  };
  while (read < block.length) {
    const token = next();
    const literals = longLength(token >> 4);
    if (read + literals > block.length || written + literals > output.length) {
      throw malformed('an LZ4 block is longer than it says');
    }
    output.set(block.subarray(read, read + literals), written);
    read += literals;
    written += literals;
    // The last sequence has no match.
    if (read === block.length) break;
    const offset = next() | (next() << 8);
    const match = longLength(token & 15) + SHORTEST_MATCH;
    const from = written - offset;
    if (offset === 0 || from < 0 || written + match > output.length) throw malformed('an LZ4 match leads nowhere');
    // A match may overlap what it writes, which repeats it: only then bytes must go one by one.
    if (offset >= match) output.copyWithin(written, from, from + match);
    else for (let i = 0; i < match; i++) output[written + i] = output[from + i] ?? 0;
    written += match;
  }
  return written;
}
