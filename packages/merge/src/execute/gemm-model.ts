import { MessageWriter, wholeMessage } from '@hubfuse/tensors';

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
  const node = new MessageWriter();
  for (const name of INPUTS) node.string(1, name);
  node
    .string(2, 'y')
    .string(4, 'Gemm')
    .message(5, flag('transA', aFlipped))
    .message(5, flag('transB', bFlipped))
    .message(
      5,
      new MessageWriter()
        .string(1, 'alpha')
        .float(2, negative ? -1 : 1)
        .integer(20, ATTRIBUTE_FLOAT),
    );
  const graph = new MessageWriter().message(1, node).string(2, 'product');
  for (const name of INPUTS) graph.message(11, value(name));
  graph.message(12, value('y'));
  const model = new MessageWriter()
    .integer(1, IR_VERSION)
    .message(7, graph)
    .message(8, new MessageWriter().integer(2, OPSET));
  return wholeMessage(model.parts) as Uint8Array;
}

const INPUTS = ['a', 'b', 'c'];

function flag(name: string, set: boolean): MessageWriter {
  return new MessageWriter().string(1, name).integer(3, Number(set)).integer(20, ATTRIBUTE_INT);
}

/** A value of doubles, of whatever shape. */
function value(name: string): MessageWriter {
  const type = new MessageWriter().message(1, new MessageWriter().integer(1, DOUBLE));
  return new MessageWriter().string(1, name).message(2, type);
}
