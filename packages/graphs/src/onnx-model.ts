/**
 * The part of ONNX's schema that a graph over weights needs, as plain values: what `encodeModel` writes and `parseOnnx`
 * reads. Field names follow onnx.proto where it has them.
 */

/** TensorProto.DataType. */
export const ElementType = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

/** Bytes per element by element type; types that are absent (strings, packed 4-bit numbers) have no fixed size. */
export const ELEMENT_BYTES: Readonly<Record<number, number>> = {
  [ElementType.float32]: 4,
  [ElementType.uint8]: 1,
  [ElementType.int8]: 1,
  [ElementType.uint16]: 2,
  [ElementType.int16]: 2,
  [ElementType.int32]: 4,
  [ElementType.int64]: 8,
  [ElementType.bool]: 1,
  [ElementType.float16]: 2,
  [ElementType.float64]: 8,
  [ElementType.uint32]: 4,
  [ElementType.uint64]: 8,
  [ElementType.bfloat16]: 2,
};

/** Where the elements of a tensor are. Bytes are little-endian and in row order. */
export type TensorData =
  | { kind: 'inline'; bytes: Uint8Array }
  /** A range of a file beside the model (or of a buffer that the session is given under that name). */
  | { kind: 'external'; location: string; offset?: number; length?: number }
  /** Elements in a typed field of the message; the chunks joined are its packed encoding. */
  | { kind: 'typed'; field: 'float' | 'int32' | 'int64' | 'double' | 'uint64' | 'string'; chunks: Uint8Array[] }
  /** Bytes that a writer fetches while it writes; `key` is the writer's own. */
  | { kind: 'streamed'; length: number; key: unknown };

export interface OnnxTensor {
  name: string;
  elementType: number;
  dimensions: number[];
  data: TensorData;
}

export type AttributeValue =
  | { kind: 'float'; value: number }
  | { kind: 'int'; value: bigint }
  | { kind: 'string'; value: Uint8Array }
  | { kind: 'tensor'; value: OnnxTensor }
  | { kind: 'graph'; value: OnnxGraph }
  | { kind: 'floats'; value: number[] }
  | { kind: 'ints'; value: bigint[] }
  | { kind: 'strings'; value: Uint8Array[] }
  /** A kind that is not looked into (type and sparse tensor attributes, lists of tensors or graphs). */
  | { kind: 'other'; type: number };

export interface OnnxNode {
  name: string;
  operator: string;
  domain: string;
  /** Names of values; an empty name is an optional input that is left out. */
  inputs: string[];
  outputs: string[];
  attributes: Map<string, AttributeValue>;
}

export interface OnnxValue {
  name: string;
  /** Undefined where the value is no tensor or has no stated type. */
  elementType?: number;
  /** A number, a symbol, or undefined for a dimension that is not known. Absent: the rank is not known. */
  dimensions?: (number | string | undefined)[];
}

export interface OnnxGraph {
  name: string;
  nodes: OnnxNode[];
  initializers: OnnxTensor[];
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  values: OnnxValue[];
}

export interface OnnxModel {
  irVersion: number;
  producer: string;
  producerVersion: string;
  opsets: { domain: string; version: number }[];
  graph: OnnxGraph;
  metadata: Map<string, string>;
}
