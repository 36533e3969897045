import { TensorError } from '@hubfuse/plugin';
import { DTYPES, type DType, dtypeBytes, elementCount, isDType } from './dtype.ts';
import { JsonScanner, JsonSyntaxError } from './json-scanner.ts';
import { quoted } from './quoted.ts';

/** Where a tensor's bytes lie, as a header states it. */
export interface StoredTensor {
  name: string;
  dtype: DType;
  /** Empty for a 0-d tensor. */
  shape: readonly number[];
  /** Path of the file inside its repository or folder. */
  file: string;
  /** Absolute position of the first byte in the file. */
  offset: number;
  /** Bytes that the tensor takes. */
  bytes: number;
}

export interface Header {
  metadata: Readonly<Record<string, string>>;
  /** In the order in which their bytes lie in the file. */
  tensors: StoredTensor[];
  /** Position of the first byte of data: 8 + the header's length. */
  dataStart: number;
}

export interface HeaderOptions {
  /** What messages call the file. */
  file: string;
  /** Bytes of the whole file. */
  fileSize: number;
}

/** Longest header that the reference implementation accepts, in bytes. */
export const MAXIMUM_HEADER_BYTES = 100_000_000;

/** Bytes before the header: its length as an unsigned 64-bit little-endian integer. */
export const LENGTH_BYTES = 8;

/** PyTorch and NumPy know no tensor of more dimensions. */
const MAXIMUM_DIMENSIONS = 64;

/**
 * The number of bytes from the start of the file to the end of its header.
 * @param bytes the first eight bytes of the file, or more
 * @throws TensorError where the file is too short for the header that it announces
 */
export function headerEnd(bytes: Uint8Array, { file, fileSize }: HeaderOptions): number {
  if (fileSize < LENGTH_BYTES) {
    throw malformed(file, 'too-short', `has ${fileSize} bytes, which is too short for a safetensors file`);
  }
  if (bytes.length < LENGTH_BYTES) {
    throw malformed(file, 'too-short', `has ${fileSize} bytes, of which only ${bytes.length} were read`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAXIMUM_HEADER_BYTES)) {
    const instead = standIn(bytes);
    if (instead !== undefined) throw new TensorError({ code: 'tensors/not-safetensors', where: file, ...instead });
    throw malformed(file, 'header-too-large', `announces a header of ${length} bytes; at most 100 MB are allowed`);
  }
  if (Number(length) > fileSize - LENGTH_BYTES) {
    throw malformed(
      file,
      'header-beyond-file',
      `announces a header of ${length} bytes, but only ${fileSize - LENGTH_BYTES} bytes follow`,
    );
  }
  if (length < 2n) throw malformed(file, 'header-json', `announces a header of ${length} bytes, too short for JSON`);
  return LENGTH_BYTES + Number(length);
}

/**
 * Reads and checks the header of a safetensors file: every byte after it must belong to exactly one tensor.
 * @param bytes the file from its first byte to at least the end of its header
 * @throws TensorError naming file and tensor
 */
export function parseHeader(bytes: Uint8Array, options: HeaderOptions): Header {
  const { file, fileSize } = options;
  const dataStart = headerEnd(bytes, options);
  if (bytes.length < dataStart) {
    throw malformed(file, 'too-short', `has a header of ${dataStart} bytes, of which only ${bytes.length} were read`);
  }
  const { metadata, entries } = readEntries(bytes.subarray(LENGTH_BYTES, dataStart), file);
  const dataBytes = fileSize - dataStart;
  for (const entry of entries) checkEntry(entry, file, dataBytes);
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(entries, file, dataBytes);
  const tensors = entries.map(({ name, dtype, shape, begin, end }) => ({
    name,
    dtype: dtype as DType,
    shape,
    file,
    offset: dataStart + begin,
    bytes: end - begin,
  }));
  return { metadata, tensors, dataStart };
}

/** A tensor's entry before it is checked against the file. */
interface Entry {
  name: string;
  dtype: string;
  shape: number[];
  begin: number;
  end: number;
}

function readEntries(json: Uint8Array, file: string): { metadata: Record<string, string>; entries: Entry[] } {
  const text = decode(json, file);
  const metadata = new Map<string, string>();
  const entries: Entry[] = [];
  try {
    const scanner = new JsonScanner(text);
    scanner.object('the header', (name) => {
      if (name === '__metadata__') {
        scanner.object('__metadata__', (key) => {
          metadata.set(key, scanner.string(`the metadata ${quoted(key)}`));
        });
      } else entries.push(readEntry(scanner, name, file));
    });
    scanner.end();
  } catch (cause) {
    if (!(cause instanceof JsonSyntaxError)) throw cause;
    throw malformed(file, 'header-json', `header: ${cause.message} (at character ${cause.position})`);
  }
  return { metadata: Object.fromEntries(metadata), entries };
}

function decode(json: Uint8Array, file: string): string {
  if (json[0] !== 0x7b) throw malformed(file, 'header-json', 'header: must begin with {');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json);
  } catch (cause) {
    throw malformed(file, 'header-json', 'header: is not UTF-8', cause);
  }
}

function readEntry(scanner: JsonScanner, name: string, file: string): Entry {
  if (name === '') throw malformed(file, 'tensor-name', 'has a tensor without a name');
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  scanner.object(`tensor ${quoted(name)}`, (key) => {
    const what = `the ${key} of tensor ${quoted(name)}`;
    if (key === 'dtype') dtype = scanner.string(what);
    else if (key === 'shape') shape = scanner.array(what, MAXIMUM_DIMENSIONS, () => scanner.count(what));
    else if (key === 'data_offsets') offsets = scanner.array(what, 2, () => scanner.count(what));
    else throw malformedTensor(file, name, 'entry', `has the unknown key ${quoted(key)}`);
  });
  const [begin, end] = offsets ?? [];
  if (dtype === undefined) throw malformedTensor(file, name, 'entry', 'has no dtype');
  if (shape === undefined) throw malformedTensor(file, name, 'entry', 'has no shape');
  if (begin === undefined || end === undefined) {
    throw malformedTensor(file, name, 'entry', 'has no pair of data_offsets');
  }
  return { name, dtype, shape, begin, end };
}

function checkEntry({ name, dtype, shape, begin, end }: Entry, file: string, dataBytes: number): void {
  if (!isDType(dtype)) {
    const hint = `known: ${DTYPES.join(', ')}`;
    throw malformedTensor(file, name, 'dtype', `has the unknown dtype ${quoted(dtype)}`, hint);
  }
  if (begin > end) throw malformedTensor(file, name, 'offsets', `has offsets that run backwards: ${begin} to ${end}`);
  if (end > dataBytes) {
    throw malformedTensor(
      file,
      name,
      'beyond-file',
      `ends at byte ${end} of the data, but the file holds only ${dataBytes} bytes of data`,
    );
  }
  const expected = elementCount(shape) * dtypeBytes(dtype);
  if (expected !== end - begin) {
    const stated = `${dtype} [${shape.join(', ')}], which takes ${expected} bytes`;
    throw malformedTensor(file, name, 'size', `is ${stated}, but its offsets span ${end - begin} bytes`);
  }
}

/** Entries in order of their bytes must follow one another from the first byte of the data to the last. */
function checkCoverage(entries: readonly Entry[], file: string, dataBytes: number): void {
  let previous: Entry | undefined;
  for (const entry of entries) {
    const expected = previous?.end ?? 0;
    if (previous !== undefined && entry.begin < expected) {
      throw malformedTensor(
        file,
        entry.name,
        'overlap',
        `begins at byte ${entry.begin} of the data and overlaps tensor ${quoted(previous.name)}, which ends at ${expected}`,
      );
    }
    if (entry.begin > expected) {
      throw malformedTensor(
        file,
        entry.name,
        'gap',
        `begins at byte ${entry.begin} of the data; the ${entry.begin - expected} bytes before it belong to no tensor`,
      );
    }
    previous = entry;
  }
  const end = previous?.end ?? 0;
  if (end < dataBytes) {
    throw malformed(file, 'trailing-bytes', `has ${dataBytes - end} bytes after the last tensor`);
  }
}

/** What stands where weights should, told by how the file begins. */
function standIn(bytes: Uint8Array): { message: string; hint: string } | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, LENGTH_BYTES));
  if (start === 'version ') {
    return {
      message: 'the file is a pointer of Git LFS and not the weights that it stands for',
      hint: 'run `git lfs pull` there, or name the model by its id',
    };
  }
  if (/^(?:<!DOCTYP|<!doctyp|<html|<\?xml)/.test(start)) {
    return { message: 'the file is a web page and holds no weights', hint: 'fetch it again' };
  }
  if (start.startsWith('PK\x03\x04') || start.startsWith('\x80\x02')) {
    return {
      message: 'the file is a Python pickle under the name of a safetensors file',
      hint: 'convert it at https://huggingface.co/spaces/safetensors/convert',
    };
  }
  return undefined;
}

function malformed(file: string, what: string, message: string, cause?: unknown): TensorError {
  return new TensorError({
    code: `tensors/${what}`,
    where: file,
    message: message.startsWith('header: ') ? `the ${message.replace(': ', ' is malformed: ')}` : `the file ${message}`,
    hint: 'the file is damaged or not in the safetensors format; fetch it again or save it anew',
    cause,
  });
}

function malformedTensor(file: string, name: string, what: string, message: string, hint?: string): TensorError {
  return new TensorError({
    code: `tensors/${what}`,
    where: file,
    message: `the tensor ${quoted(name)} ${message}`,
    hint: hint ?? 'the file is damaged or not in the safetensors format; fetch it again or save it anew',
  });
}
