import { readFile, stat } from 'node:fs/promises';
import { GraphError } from '@hubfuse/plugin';
import type { AttributeValue, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from './onnx-model.ts';
import { parseEntry, parseTensor } from './parse-tensor.ts';
import { MessageReader } from './protobuf-reader.ts';

/** Protobuf ends there. */
const LARGEST_MODEL = 2 ** 31 - 1;
/** Large exports hold some ten thousand nodes of a few entries each. */
const MOST_ENTRIES = 1_000_000;

/**
 * Reads an ONNX file into plain values. Tensor data are views of the file's bytes in memory.
 * @throws GraphError where it is no ONNX model, or malformed, or larger than protobuf allows
 */
export async function readOnnx(path: string): Promise<OnnxModel> {
  const { size } = await stat(path);
  if (size > LARGEST_MODEL) {
    throw new GraphError({
      code: 'graph/malformed-onnx',
      where: path,
      message: `the ONNX file has ${size} bytes; a model without its external data ends at 2 GiB`,
    });
  }
  return parseOnnx(await readFile(path), { file: path });
}

/**
 * Reads an encoded ModelProto without copying: tensor data are views of `bytes`. Fields that a graph over weights has
 * no use for (documentation, functions, training) are skipped. Every length is checked before it is used.
 * @param options.file what messages call it; default `model.onnx`
 * @throws GraphError where it is malformed
 */
export function parseOnnx(bytes: Uint8Array, { file = 'model.onnx' }: { file?: string } = {}): OnnxModel {
  const reader = new MessageReader(bytes, { file, entriesLeft: MOST_ENTRIES });
  const graph = emptyGraph();
  const model: OnnxModel = {
    irVersion: 0,
    producer: '',
    producerVersion: '',
    opsets: [],
    graph,
    metadata: new Map(),
  };
  let found = false;
  while (reader.next()) {
    if (reader.field === 1) model.irVersion = reader.number();
    else if (reader.field === 2) model.producer = reader.string();
    else if (reader.field === 3) model.producerVersion = reader.string();
    else if (reader.field === 7) {
      // A second graph field is merged into the first, as protobuf has it.
      parseGraph(reader.message(), graph);
      found = true;
    } else if (reader.field === 8) model.opsets.push(parseOpset(reader.message()));
    else if (reader.field === 14) model.metadata.set(...parseEntry(reader.message()));
    else reader.skip();
  }
  if (!found) throw reader.error('has no graph');
  return model;
}

function emptyGraph(): OnnxGraph {
  return { name: '', nodes: [], initializers: [], inputs: [], outputs: [], values: [] };
}

function parseOpset(reader: MessageReader): { domain: string; version: number } {
  const opset = { domain: '', version: 0 };
  while (reader.next()) {
    if (reader.field === 1) opset.domain = reader.string();
    else if (reader.field === 2) opset.version = reader.number();
    else reader.skip();
  }
  return opset;
}

function parseGraph(reader: MessageReader, graph: OnnxGraph): OnnxGraph {
  while (reader.next()) {
    if (reader.field === 1) graph.nodes.push(parseNode(reader.message()));
    else if (reader.field === 2) graph.name = reader.string();
    else if (reader.field === 5) graph.initializers.push(parseTensor(reader.message()));
    else if (reader.field === 11) graph.inputs.push(parseValue(reader.message()));
    else if (reader.field === 12) graph.outputs.push(parseValue(reader.message()));
    else if (reader.field === 13) graph.values.push(parseValue(reader.message()));
    else reader.skip();
  }
  return graph;
}

function parseNode(reader: MessageReader): OnnxNode {
  const node: OnnxNode = { name: '', operator: '', domain: '', inputs: [], outputs: [], attributes: new Map() };
  while (reader.next()) {
    if (reader.field === 1) node.inputs.push(reader.string());
    else if (reader.field === 2) node.outputs.push(reader.string());
    else if (reader.field === 3) node.name = reader.string();
    else if (reader.field === 4) node.operator = reader.string();
    else if (reader.field === 5) node.attributes.set(...parseAttribute(reader.message()));
    else if (reader.field === 7) node.domain = reader.string();
    else reader.skip();
  }
  return node;
}

/** The fields of an AttributeProto; `type` says which of them counts. */
interface AttributeFields {
  float: number;
  int: bigint;
  string: Uint8Array;
  tensor: OnnxTensor | undefined;
  graph: OnnxGraph | undefined;
  floats: number[];
  ints: bigint[];
  strings: Uint8Array[];
}

function parseAttribute(reader: MessageReader): [name: string, value: AttributeValue] {
  const fields: AttributeFields = {
    float: 0,
    int: 0n,
    string: new Uint8Array(0),
    tensor: undefined,
    graph: undefined,
    floats: [],
    ints: [],
    strings: [],
  };
  let [name, type] = ['', 0];
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) fields.float = reader.float();
    else if (reader.field === 3) fields.int = reader.integer();
    else if (reader.field === 4) fields.string = reader.bytes();
    else if (reader.field === 5) fields.tensor = parseTensor(reader.message());
    else if (reader.field === 6) fields.graph = parseGraph(reader.message(), emptyGraph());
    else if (reader.field === 7) reader.floats(fields.floats);
    else if (reader.field === 8) reader.integers(fields.ints);
    else if (reader.field === 9) fields.strings.push(reader.packedBytes());
    else if (reader.field === 20) type = reader.number();
    else reader.skip();
  }
  return [name, attributeValue(reader, type, fields)];
}

function attributeValue(reader: MessageReader, type: number, fields: AttributeFields): AttributeValue {
  switch (type) {
    case 1:
      return { kind: 'float', value: fields.float };
    case 2:
      return { kind: 'int', value: fields.int };
    case 3:
      return { kind: 'string', value: fields.string };
    case 4:
      if (fields.tensor === undefined) throw reader.error('has a tensor attribute without a tensor');
      return { kind: 'tensor', value: fields.tensor };
    case 5:
      if (fields.graph === undefined) throw reader.error('has a graph attribute without a graph');
      return { kind: 'graph', value: fields.graph };
    case 6:
      return { kind: 'floats', value: fields.floats };
    case 7:
      return { kind: 'ints', value: fields.ints };
    case 8:
      return { kind: 'strings', value: fields.strings };
    default:
      return { kind: 'other', type };
  }
}

/** A ValueInfoProto; only tensors have a type that is read. */
function parseValue(reader: MessageReader): OnnxValue {
  const value: OnnxValue = { name: '' };
  while (reader.next()) {
    if (reader.field === 1) value.name = reader.string();
    else if (reader.field === 2) parseType(reader.message(), value);
    else reader.skip();
  }
  return value;
}

function parseType(reader: MessageReader, value: OnnxValue): void {
  while (reader.next()) {
    if (reader.field !== 1) {
      reader.skip();
      continue;
    }
    const tensor = reader.message();
    while (tensor.next()) {
      if (tensor.field === 1) value.elementType = tensor.number();
      else if (tensor.field === 2) value.dimensions = parseShape(tensor.message());
      else tensor.skip();
    }
  }
}

function parseShape(reader: MessageReader): (number | string | undefined)[] {
  const dimensions: (number | string | undefined)[] = [];
  while (reader.next()) {
    if (reader.field !== 1) {
      reader.skip();
      continue;
    }
    const entry = reader.message();
    let dimension: number | string | undefined;
    while (entry.next()) {
      if (entry.field === 1) dimension = entry.number();
      else if (entry.field === 2) dimension = entry.string();
      else entry.skip();
    }
    dimensions.push(dimension);
  }
  return dimensions;
}
