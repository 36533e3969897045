// One ONNX model of one node: y = c + a b, or c - a b, in float64. Field numbers are those of onnx.proto.

const IR_VERSION = 10;
const OPSET = 21;
/** TensorProto.DataType.DOUBLE. */
const DOUBLE = 11;
/** AttributeProto.AttributeType. */
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;

export interface GemmModel {
  /** `a` is stored as its transpose. */
  aFlipped: boolean;
  bFlipped: boolean;
  negative: boolean;
}

/** The model's inputs are called a, b and c, its output y. */
export function gemmModel({ aFlipped, bFlipped, negative }: GemmModel): Uint8Array {
  const node = [
    ...['a', 'b', 'c'].map((name) => text(1, name)),
    text(2, 'y'),
    text(4, 'Gemm'),
    message(5, integerAttribute('transA', Number(aFlipped))),
    message(5, integerAttribute('transB', Number(bFlipped))),
    message(5, floatAttribute('alpha', negative ? -1 : 1)),
  ].flat();
  const inputs = ['a', 'b', 'c'].flatMap((name) => message(11, value(name)));
  const graph = [...message(1, node), ...text(2, 'product'), ...inputs, ...message(12, value('y'))];
  return Uint8Array.from([...integer(1, IR_VERSION), ...message(7, graph), ...message(8, integer(2, OPSET))]);
}

function value(name: string): number[] {
  return [...text(1, name), ...message(2, message(1, integer(1, DOUBLE)))];
}

function integerAttribute(name: string, content: number): number[] {
  return [...text(1, name), ...integer(3, content), ...integer(20, ATTRIBUTE_INT)];
}

function floatAttribute(name: string, content: number): number[] {
  return [
    ...text(1, name),
    ...tag(2, 5),
    ...new Uint8Array(Float32Array.of(content).buffer),
    ...integer(20, ATTRIBUTE_FLOAT),
  ];
}

function integer(field: number, content: number): number[] {
  return [...tag(field, 0), ...varint(content)];
}

function text(field: number, content: string): number[] {
  return message(field, [...Buffer.from(content)]);
}

function message(field: number, content: readonly number[]): number[] {
  return [...tag(field, 2), ...varint(content.length), ...content];
}

function tag(field: number, wire: number): number[] {
  return varint(field * 8 + wire);
}

function varint(content: number): number[] {
  const bytes: number[] = [];
  let rest = content;
  for (; rest > 0x7f; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}
