import { TensorError } from '@hubfuse/plugin';
import { type DType, dtypeBytes, elementCount } from './dtype.ts';
import { LENGTH_BYTES, MAXIMUM_HEADER_BYTES } from './header.ts';
import { quoted } from './quoted.ts';

/** What a file must say about a tensor. */
export interface TensorLayout {
  name: string;
  dtype: DType;
  /** Empty for a 0-d tensor. */
  shape: readonly number[];
}

export interface EncodedHeader {
  /** The file up to its first byte of data. */
  bytes: Uint8Array;
  /** Absolute position of each tensor's first byte, in the order given. */
  offsets: number[];
  /** Bytes of the whole file. */
  fileSize: number;
}

/** The data starts at a multiple of this, as the reference implementation writes it. */
const DATA_ALIGNMENT = 8;

/** Bytes that a tensor takes. */
export function tensorBytes({ dtype, shape }: Pick<TensorLayout, 'dtype' | 'shape'>): number {
  return elementCount(shape) * dtypeBytes(dtype);
}

/**
 * The tensors of a file in an order that keeps each aligned to its element size, which PyTorch needs to view them
 * without a copy: wide elements first, otherwise as given.
 */
export function storageOrder<T extends Pick<TensorLayout, 'dtype'>>(tensors: readonly T[]): T[] {
  return [...tensors].sort((a, b) => dtypeBytes(b.dtype) - dtypeBytes(a.dtype));
}

/**
 * The header of a file that holds these tensors one after another, in this order. The same input gives the same bytes.
 * @param options.metadata written in the order of its keys
 * @throws TensorError where a name is unusable or repeated, or a tensor would not be aligned (see `storageOrder`)
 */
export function encodeHeader(options: {
  tensors: readonly TensorLayout[];
  metadata?: Readonly<Record<string, string>>;
}): EncodedHeader {
  const { tensors, metadata = {} } = options;
  const entries = new Map<string, string>();
  if (Object.keys(metadata).length > 0) entries.set('__metadata__', JSON.stringify(metadata));
  const starts: number[] = [];
  let position = 0;
  for (const tensor of tensors) {
    const { name, dtype, shape } = tensor;
    if (name === '' || name === '__metadata__' || entries.has(name)) {
      const what = entries.has(name) ? 'twice in one file' : 'not usable in a safetensors file';
      throw new TensorError({
        code: 'tensors/tensor-name',
        message: `the tensor name ${quoted(name)} is ${what}`,
      });
    }
    if (position % dtypeBytes(dtype) !== 0) {
      throw new TensorError({
        code: 'tensors/misaligned',
        message: `the tensor ${quoted(name)} of ${dtype} would begin at byte ${position} of the data`,
        hint: 'put the tensors in storage order: wide elements first',
      });
    }
    const end = position + tensorBytes(tensor);
    entries.set(name, JSON.stringify({ dtype, shape, data_offsets: [position, end] }));
    starts.push(position);
    position = end;
  }
  const text = `{${[...entries].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
  const bytes = frame(new TextEncoder().encode(text));
  return { bytes, offsets: starts.map((start) => start + bytes.length), fileSize: bytes.length + position };
}

/** Length, JSON, and spaces up to the alignment of the data. */
function frame(json: Uint8Array): Uint8Array {
  const length = Math.ceil(json.length / DATA_ALIGNMENT) * DATA_ALIGNMENT;
  if (length > MAXIMUM_HEADER_BYTES) {
    throw new TensorError({
      code: 'tensors/header-too-large',
      message: `the header would take ${length} bytes; at most 100 MB are allowed`,
      hint: 'write smaller shards',
    });
  }
  const bytes = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, LENGTH_BYTES);
  return bytes;
}
