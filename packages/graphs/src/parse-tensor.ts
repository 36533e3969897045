import { elementCount } from '@hubfuse/tensors';
import { ELEMENT_BYTES, type OnnxTensor, type TensorData } from './onnx-model.ts';
import type { MessageReader } from './protobuf-reader.ts';

type TypedField = Extract<TensorData, { kind: 'typed' }>['field'];

const TYPED_FIELDS: Readonly<Record<number, TypedField>> = {
  4: 'float',
  5: 'int32',
  6: 'string',
  7: 'int64',
  10: 'double',
  11: 'uint64',
};
/** TensorProto.DataLocation.EXTERNAL. */
const EXTERNAL = 1;
/** 4-bit integers and floats are packed two to a byte. */
const PACKED_TYPES = new Set([21, 22, 23]);

/** A TensorProto whose data is a view of the file. @throws GraphError where data and shape disagree */
export function parseTensor(reader: MessageReader): OnnxTensor {
  const dimensions: bigint[] = [];
  const typed: { field: TypedField; chunk: Uint8Array }[] = [];
  const external = new Map<string, string>();
  let [name, elementType, location] = ['', 0, 0];
  let raw: Uint8Array | undefined;
  while (reader.next()) {
    const field = TYPED_FIELDS[reader.field];
    if (field !== undefined) typed.push({ field, chunk: reader.packedBytes() });
    else if (reader.field === 1) reader.integers(dimensions);
    else if (reader.field === 2) elementType = reader.number();
    else if (reader.field === 3) throw reader.error('holds a tensor in segments, which no exporter writes');
    else if (reader.field === 8) name = reader.string();
    else if (reader.field === 9) raw = reader.bytes();
    else if (reader.field === 13) external.set(...parseEntry(reader.message()));
    else if (reader.field === 14) location = reader.number();
    else reader.skip();
  }
  const tensor = { name, elementType, dimensions: dimensions.map((size) => dimension(reader, name, size)) };
  if (location === EXTERNAL) return { ...tensor, data: externalData(reader, name, external) };
  return { ...tensor, data: ownData(reader, tensor, { raw, typed }) };
}

/** A StringStringEntryProto. */
export function parseEntry(reader: MessageReader): [key: string, value: string] {
  let [key, value] = ['', ''];
  while (reader.next()) {
    if (reader.field === 1) key = reader.string();
    else if (reader.field === 2) value = reader.string();
    else reader.skip();
  }
  return [key, value];
}

function dimension(reader: MessageReader, name: string, size: bigint): number {
  if (size >= 0n && size <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(size);
  throw reader.error(`has the tensor "${name}" with a dimension of ${size}`);
}

function externalData(reader: MessageReader, name: string, entries: ReadonlyMap<string, string>): TensorData {
  const location = entries.get('location');
  if (location === undefined || location === '') throw reader.error(`has the external tensor "${name}" without a file`);
  const bytes = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(value)) return value;
    throw reader.error(`has the external tensor "${name}" with the ${key} ${JSON.stringify(text.slice(0, 40))}`);
  };
  const [offset, length] = [bytes('offset'), bytes('length')];
  return {
    kind: 'external',
    location,
    ...(offset === undefined ? {} : { offset }),
    ...(length === undefined ? {} : { length }),
  };
}

function ownData(
  reader: MessageReader,
  tensor: { name: string; elementType: number; dimensions: readonly number[] },
  { raw, typed }: { raw: Uint8Array | undefined; typed: readonly { field: TypedField; chunk: Uint8Array }[] },
): TensorData {
  const { name, elementType, dimensions } = tensor;
  const elements = elementCount(dimensions);
  const first = typed[0];
  if (first === undefined) {
    const bytes = raw ?? new Uint8Array(0);
    const expected = (ELEMENT_BYTES[elementType] ?? 0) * elements;
    const known = ELEMENT_BYTES[elementType] !== undefined || elements === 0;
    if (known && bytes.length !== expected) {
      throw reader.error(`has the tensor "${name}" with ${bytes.length} bytes instead of ${expected}`);
    }
    return { kind: 'inline', bytes };
  }
  const { field } = first;
  if (raw !== undefined || typed.some((one) => one.field !== field)) {
    throw reader.error(`has the tensor "${name}" with its data in two fields`);
  }
  const chunks = typed.map(({ chunk }) => chunk);
  const count = typedElements(field, chunks);
  const perElement = field === 'float' && (elementType === 14 || elementType === 15) ? 2 : 1;
  if (!PACKED_TYPES.has(elementType) && count !== elements * perElement) {
    throw reader.error(`has the tensor "${name}" with ${count} elements instead of ${elements}`);
  }
  return { kind: 'typed', field, chunks };
}

function typedElements(field: TypedField, chunks: readonly Uint8Array[]): number {
  if (field === 'string') return chunks.length;
  const bytes = chunks.reduce((total, chunk) => total + chunk.length, 0);
  if (field === 'float') return bytes / 4;
  if (field === 'double') return bytes / 8;
  let ends = 0;
  for (const chunk of chunks) for (const byte of chunk) if (byte < 0x80) ends++;
  return ends;
}
