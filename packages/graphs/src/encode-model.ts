import { GraphError } from '@hubfuse/plugin';
import { type MessagePart, MessageWriter, wholeMessage } from '@hubfuse/tensors';
import type { AttributeValue, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from './onnx-model.ts';

// Field numbers below are those of onnx.proto (IR version 10).

/** AttributeProto.AttributeType. */
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 } as const;
/** TensorProto.DataLocation.EXTERNAL. */
const EXTERNAL = 1;

const TYPED_FIELD = { float: 4, int32: 5, string: 6, int64: 7, double: 10, uint64: 11 } as const;

/** A ModelProto as parts in order; streamed tensors stand as parts of their length. */
export function encodeModel(model: OnnxModel): MessagePart[] {
  const message = new MessageWriter()
    .integer(1, model.irVersion)
    .string(2, model.producer)
    .string(3, model.producerVersion)
    .message(7, encodeGraph(model.graph));
  for (const { domain, version } of model.opsets) {
    message.message(8, new MessageWriter().string(1, domain).integer(2, version));
  }
  for (const [key, value] of model.metadata) {
    message.message(14, new MessageWriter().string(1, key).string(2, value));
  }
  return message.parts;
}

/** A ModelProto in one piece. @throws GraphError where a tensor is streamed. */
export function encodeModelBytes(model: OnnxModel): Uint8Array {
  const bytes = wholeMessage(encodeModel(model));
  if (bytes !== undefined) return bytes;
  throw new GraphError({ code: 'graph/streamed-tensor', message: 'a streamed tensor cannot be encoded in memory' });
}

function encodeGraph(graph: OnnxGraph): MessageWriter {
  const message = new MessageWriter();
  for (const node of graph.nodes) message.message(1, encodeNode(node));
  message.string(2, graph.name);
  for (const tensor of graph.initializers) message.message(5, encodeTensor(tensor));
  for (const value of graph.inputs) message.message(11, encodeValue(value));
  for (const value of graph.outputs) message.message(12, encodeValue(value));
  for (const value of graph.values) message.message(13, encodeValue(value));
  return message;
}

function encodeNode(node: OnnxNode): MessageWriter {
  const message = new MessageWriter();
  // An empty name stands for an optional input that is left out, so it must be written.
  for (const input of node.inputs) message.bytes(1, Buffer.from(input));
  for (const output of node.outputs) message.bytes(2, Buffer.from(output));
  message.string(3, node.name).string(4, node.operator);
  for (const [name, value] of node.attributes) message.message(5, encodeAttribute(name, value));
  return message.string(7, node.domain);
}

function encodeAttribute(name: string, attribute: AttributeValue): MessageWriter {
  const message = new MessageWriter().string(1, name);
  if (attribute.kind === 'other') {
    throw new GraphError({
      code: 'graph/attribute-kind',
      message: `the attribute "${name}" is of a kind (${attribute.type}) that cannot be written`,
    });
  }
  switch (attribute.kind) {
    case 'float':
      message.float(2, attribute.value);
      break;
    case 'int':
      message.integer(3, attribute.value);
      break;
    case 'string':
      message.bytes(4, attribute.value);
      break;
    case 'tensor':
      message.message(5, encodeTensor(attribute.value));
      break;
    case 'graph':
      message.message(6, encodeGraph(attribute.value));
      break;
    case 'floats':
      for (const value of attribute.value) message.float(7, value);
      break;
    case 'ints':
      for (const value of attribute.value) message.integer(8, value);
      break;
    case 'strings':
      for (const value of attribute.value) message.bytes(9, value);
      break;
  }
  return message.integer(20, ATTRIBUTE_TYPE[attribute.kind]);
}

function encodeTensor(tensor: OnnxTensor): MessageWriter {
  const message = new MessageWriter();
  for (const dimension of tensor.dimensions) message.integer(1, dimension);
  message.integer(2, tensor.elementType).string(8, tensor.name);
  const { data } = tensor;
  switch (data.kind) {
    case 'inline':
      return message.bytes(9, data.bytes);
    case 'streamed':
      return message.bytes(9, data);
    case 'typed':
      for (const chunk of data.chunks) message.bytes(TYPED_FIELD[data.field], chunk);
      return message;
    case 'external': {
      const entries: [string, string | undefined][] = [
        ['location', data.location],
        ['offset', data.offset?.toString()],
        ['length', data.length?.toString()],
      ];
      for (const [key, value] of entries) {
        if (value !== undefined) message.message(13, new MessageWriter().string(1, key).string(2, value));
      }
      return message.integer(14, EXTERNAL);
    }
  }
}

function encodeValue(value: OnnxValue): MessageWriter {
  const message = new MessageWriter().string(1, value.name);
  if (value.elementType === undefined) return message;
  const tensor = new MessageWriter().integer(1, value.elementType);
  if (value.dimensions !== undefined) {
    const shape = new MessageWriter();
    for (const dimension of value.dimensions) {
      const entry = new MessageWriter();
      if (typeof dimension === 'number') entry.integer(1, dimension);
      else if (dimension !== undefined) entry.string(2, dimension);
      shape.message(1, entry);
    }
    tensor.message(2, shape);
  }
  return message.message(2, new MessageWriter().message(1, tensor));
}
