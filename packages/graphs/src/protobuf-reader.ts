import { GraphError } from '@hubfuse/plugin';

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

/** Names in a graph are short; a longer one only costs memory. */
const LONGEST_STRING = 1024 * 1024;
/** A graph inside a node's attribute may hold such a node again. */
const DEEPEST_MESSAGE = 64;

const decoder = new TextDecoder();

/** What all readers of one file share. */
export interface ReadingLimits {
  /** What messages call the file. */
  file: string;
  /**
   * Messages and list entries that may still be read. An entry takes two bytes in the file and a hundred in memory, so
   * a bound on the file's size alone is none on the memory.
   */
  entriesLeft: number;
}

/** Walks over the fields of one protobuf message without copying; every step is checked against the message's end. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #depth: number;
  readonly #limits: ReadingLimits;
  #position: number;
  #wire = 0;
  /** Number of the current field. */
  field = 0;

  constructor(bytes: Uint8Array, limits: ReadingLimits, depth = 0) {
    this.#bytes = bytes;
    this.#position = 0;
    this.#end = bytes.length;
    this.#limits = limits;
    this.#depth = depth;
    if (depth > DEEPEST_MESSAGE) throw this.error(`is nested more than ${DEEPEST_MESSAGE} messages deep`);
    this.#count(1);
  }

  /** Steps to the next field; false at the end of the message. The field must be read or skipped before. */
  next(): boolean {
    if (this.#position === this.#end) return false;
    const tag = this.#unsigned();
    this.field = Math.floor(tag / 8);
    this.#wire = tag % 8;
    if (this.field === 0) throw this.error('has a field without a number');
    return true;
  }

  skip(): void {
    if (this.#wire === WIRE_VARINT) this.#unsigned();
    else if (this.#wire === WIRE_BYTES) this.bytes();
    else if (this.#wire === WIRE_FIXED32) this.#take(4);
    else if (this.#wire === WIRE_FIXED64) this.#take(8);
    else throw this.error(`has a field of the unknown wire type ${this.#wire}`);
  }

  /** A field of bytes, as a view. */
  bytes(): Uint8Array {
    this.#expect(WIRE_BYTES);
    const length = this.#unsigned();
    if (length > this.#end - this.#position) throw this.error('has a field that ends beyond its message');
    const start = this.#take(length);
    return this.#bytes.subarray(start, this.#position);
  }

  string(): string {
    const bytes = this.bytes();
    if (bytes.length > LONGEST_STRING) throw this.error(`has a name of ${bytes.length} bytes`);
    return decoder.decode(bytes);
  }

  /** A message inside this one. */
  message(): MessageReader {
    return new MessageReader(this.bytes(), this.#limits, this.#depth + 1);
  }

  /** An int64. */
  integer(): bigint {
    this.#expect(WIRE_VARINT);
    return this.#int64();
  }

  /** An int32, enum or small count. @throws GraphError where it is beyond 2^53 */
  number(): number {
    const value = this.integer();
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw this.error(`has the number ${value}, which is out of range`);
    return number;
  }

  float(): number {
    this.#expect(WIRE_FIXED32);
    return this.#float32();
  }

  /** Appends a repeated int64 field, packed or not. */
  integers(values: bigint[]): void {
    this.#packed(WIRE_VARINT, (reader) => values.push(reader.#int64()));
  }

  /** Appends a repeated float field, packed or not. */
  floats(values: number[]): void {
    this.#packed(WIRE_FIXED32, (reader) => values.push(reader.#float32()));
  }

  /** The packed encoding of a repeated number field, or of its single number where it is not packed: a view. */
  packedBytes(): Uint8Array {
    this.#count(1);
    if (this.#wire === WIRE_BYTES) return this.bytes();
    const start = this.#position;
    this.skip();
    return this.#bytes.subarray(start, this.#position);
  }

  #packed(wire: number, read: (reader: MessageReader) => void): void {
    if (this.#wire === wire) {
      this.#count(1);
      read(this);
      return;
    }
    const packed = this.message();
    while (packed.#position < packed.#end) {
      this.#count(1);
      read(packed);
    }
  }

  /** A varint without sign; beyond 2^53 it is rounded, which is more than any field number or length. */
  #unsigned(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const byte = this.#bytes[this.#take(1)] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw this.error('has a number of more than ten bytes');
  }

  #int64(): bigint {
    const start = this.#position;
    const rounded = this.#unsigned();
    if (rounded <= Number.MAX_SAFE_INTEGER) return BigInt(rounded);
    let value = 0n;
    for (let at = this.#position - 1; at >= start; at--) value = (value << 7n) | BigInt((this.#bytes[at] ?? 0) & 0x7f);
    return BigInt.asIntN(64, value);
  }

  #float32(): number {
    const at = this.#bytes.byteOffset + this.#take(4);
    return new DataView(this.#bytes.buffer).getFloat32(at, true);
  }

  /** Moves on and returns where it was. */
  #take(length: number): number {
    const start = this.#position;
    if (length > this.#end - start) throw this.error('is cut off');
    this.#position = start + length;
    return start;
  }

  #expect(wire: number): void {
    if (this.#wire !== wire) throw this.error(`has the field ${this.field} with the wire type ${this.#wire}`);
  }

  #count(entries: number): void {
    this.#limits.entriesLeft -= entries;
    if (this.#limits.entriesLeft < 0) throw this.error('has more entries than any model');
  }

  error(reason: string): GraphError {
    return new GraphError({
      code: 'graph/malformed-onnx',
      where: this.#limits.file,
      message: `the ONNX file ${reason}`,
      hint: 'export the model anew',
    });
  }
}
