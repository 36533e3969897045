/** Bytes of known length that are fetched only when the message is written out. */
export interface StreamedBytes {
  readonly length: number;
  readonly key: unknown;
}

export type MessagePart = Uint8Array | StreamedBytes;

const encoder = new TextEncoder();

const WIRE_VARINT = 0;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

/** Varints of one byte, which nearly all tags and lengths are. */
const SHORT = Array.from({ length: 128 }, (_, value) => Uint8Array.of(value));

function varint(value: bigint | number): Uint8Array {
  const short = SHORT[Number(value)];
  if (short !== undefined) return short;
  const bytes: number[] = [];
  // Negative numbers are written as 64-bit two's complement, ten bytes long, as protobuf's int64 asks.
  let rest = value < 0 || typeof value === 'bigint' ? BigInt.asUintN(64, BigInt(value)) : value;
  for (; typeof rest === 'bigint' && rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  for (; typeof rest === 'number' && rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/**
 * One protobuf message as a list of parts. Lengths are known before any streamed bytes are, so a message of many
 * gigabytes is laid out in memory at the size of its small fields.
 */
export class MessageWriter {
  readonly parts: MessagePart[] = [];
  length = 0;

  #add(part: MessagePart): void {
    if (part.length === 0) return;
    this.parts.push(part);
    this.length += part.length;
  }

  #tag(field: number, wire: number): void {
    this.#add(varint(field * 8 + wire));
  }

  integer(field: number, value: bigint | number): this {
    this.#tag(field, WIRE_VARINT);
    this.#add(varint(value));
    return this;
  }

  float(field: number, value: number): this {
    this.#tag(field, WIRE_FIXED32);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#add(bytes);
    return this;
  }

  bytes(field: number, value: Uint8Array | StreamedBytes): this {
    this.#tag(field, WIRE_BYTES);
    this.#add(varint(value.length));
    this.#add(value);
    return this;
  }

  /** Empty strings are the default of every string field and are left out. */
  string(field: number, value: string): this {
    return value === '' ? this : this.bytes(field, encoder.encode(value));
  }

  message(field: number, value: MessageWriter): this {
    this.#tag(field, WIRE_BYTES);
    this.#add(varint(value.length));
    for (const part of value.parts) this.#add(part);
    return this;
  }
}

/** A message in one piece; undefined where some of its bytes are streamed. */
export function wholeMessage(parts: readonly MessagePart[]): Uint8Array | undefined {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    if (!(part instanceof Uint8Array)) return undefined;
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
