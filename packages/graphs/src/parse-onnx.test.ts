import { GraphError } from '@hubfuse/plugin';
import { describe, expect, test } from 'vitest';
import { mutateOnnx } from '../test/onnx-mutations.ts';
import { encodeModelBytes } from './encode-model.ts';
import type { OnnxGraph, OnnxModel, OnnxTensor } from './onnx-model.ts';
import { parseOnnx } from './parse-onnx.ts';

/** How many damaged models to read; the soak sets more. */
const MUTATIONS = Number(process.env.HUBFUSE_MUTATIONS || 3000);

const INLINE: OnnxTensor = {
  name: 'weight',
  elementType: 1,
  dimensions: [2, 3],
  data: { kind: 'inline', bytes: new Uint8Array(Float32Array.of(1, -2, 3, 0, 0.5, 6).buffer) },
};

const GRAPH: OnnxGraph = {
  name: 'example',
  nodes: [
    {
      name: 'first',
      operator: 'Gemm',
      domain: '',
      inputs: ['x', 'weight', ''],
      outputs: ['y'],
      attributes: new Map([
        ['transB', { kind: 'int', value: 1n }],
        ['axis', { kind: 'int', value: -1n }],
        ['alpha', { kind: 'float', value: 0.5 }],
        ['perm', { kind: 'ints', value: [0n, -2n, 2n ** 62n] }],
        ['scales', { kind: 'floats', value: [1, 0.25] }],
        ['approximate', { kind: 'string', value: Buffer.from('tanh') }],
        ['names', { kind: 'strings', value: [Buffer.from('ä'), Buffer.from('')] }],
        ['value', { kind: 'tensor', value: INLINE }],
        [
          'body',
          { kind: 'graph', value: { name: 'inner', nodes: [], initializers: [], inputs: [], outputs: [], values: [] } },
        ],
      ]),
    },
  ],
  initializers: [
    INLINE,
    {
      name: 'external',
      elementType: 16,
      dimensions: [7],
      data: { kind: 'external', location: 'model.safetensors', offset: 12345678901, length: 14 },
    },
    { name: 'scalar', elementType: 7, dimensions: [], data: { kind: 'inline', bytes: new Uint8Array(8) } },
    {
      name: 'typed',
      elementType: 7,
      dimensions: [3],
      data: { kind: 'typed', field: 'int64', chunks: [Uint8Array.of(1, 0x80, 1, 5)] },
    },
  ],
  inputs: [{ name: 'x', elementType: 7, dimensions: ['batch_size', 3, undefined] }],
  outputs: [{ name: 'y', elementType: 1, dimensions: [] }],
  values: [{ name: 'untyped' }],
};

const MODEL: OnnxModel = {
  irVersion: 9,
  producer: 'hubfuse',
  producerVersion: '1.2.3',
  opsets: [
    { domain: '', version: 20 },
    { domain: 'com.example', version: 1 },
  ],
  graph: GRAPH,
  metadata: new Map([['key', 'value']]),
};

const plain = (model: OnnxModel): unknown =>
  JSON.parse(
    JSON.stringify(model, (_key, value: unknown) => {
      if (typeof value === 'bigint') return `${value}n`;
      if (value instanceof Map) return [...value];
      if (value instanceof Uint8Array || Buffer.isBuffer(value)) return [...value];
      if (
        typeof value === 'object' &&
        value !== null &&
        'type' in value &&
        value.type === 'Buffer' &&
        'data' in value
      ) {
        return value.data;
      }
      return value;
    }),
  );

/** A protobuf field of bytes. */
const field = (number: number, ...content: (Uint8Array | number[])[]): Uint8Array => {
  const bytes = Buffer.concat(content.map((part) => Uint8Array.from(part)));
  return Buffer.concat([Uint8Array.of(number * 8 + 2, bytes.length), bytes]);
};

function failure(bytes: Uint8Array): GraphError {
  try {
    parseOnnx(bytes, { file: 'some.onnx' });
  } catch (error) {
    if (error instanceof GraphError) return error;
    throw error;
  }
  throw new Error('the model was read');
}

describe('reading and writing', () => {
  test('a model is read as it was written, every kind of attribute and tensor data included', () => {
    expect(plain(parseOnnx(encodeModelBytes(MODEL)))).toEqual(plain(MODEL));
  });

  test('tensor data are views of the file, not copies', () => {
    const bytes = encodeModelBytes(MODEL);
    const data = parseOnnx(bytes).graph.initializers[0]?.data;
    expect(data?.kind === 'inline' && data.bytes.buffer).toBe(bytes.buffer);
  });

  test('a graph appended to a file is merged into the first one', () => {
    const addition = encodeModelBytes({ ...MODEL, graph: { ...GRAPH, name: 'appended' } });
    const { graph } = parseOnnx(Buffer.concat([encodeModelBytes(MODEL), addition]));
    expect(graph.nodes).toHaveLength(2);
    expect(graph.name).toBe('appended');
  });

  test('numbers that are not packed are read like packed ones', () => {
    const dimensions = [0x08, 2, 0x08, 1];
    const floats = [0x25, 0, 0, 0x80, 0x3f, 0x25, 0, 0, 0, 0x40];
    const tensor = field(5, dimensions, [0x10, 1], floats);
    const [initializer] = parseOnnx(field(7, tensor)).graph.initializers;
    expect(initializer?.dimensions).toEqual([2, 1]);
    const data = initializer?.data;
    expect(data?.kind === 'typed' && [...new Float32Array(new Uint8Array(Buffer.concat(data.chunks)).buffer)]).toEqual([
      1, 2,
    ]);
  });
});

describe('malformed files are refused by name', () => {
  test.each([
    ['an empty file', new Uint8Array(0), 'has no graph'],
    ['a field that ends beyond the file', Uint8Array.of(0x3a, 0x7f, 0), 'ends beyond its message'],
    ['a number without end', new Uint8Array(20).fill(0xff), 'more than ten bytes'],
    ['a group', Uint8Array.of(0x33), 'unknown wire type 3'],
    ['a number in the place of a graph', Uint8Array.of(0x38, 1), 'wire type 0'],
    [
      'a tensor with fewer bytes than its shape says',
      field(7, field(5, [0x08, 2, 0x10, 1], field(9, [0, 0, 0, 0]))),
      '4 bytes instead of 8',
    ],
    [
      'a tensor with more bytes than its shape says',
      field(7, field(5, [0x10, 1], field(9, new Uint8Array(8)))),
      '8 bytes instead of 4',
    ],
    [
      'a tensor of 2^62 elements',
      field(7, field(5, [0x08, ...new Uint8Array(8).fill(0x80), 0x40, 0x10, 1])),
      'dimension of 4611686018427387904',
    ],
    [
      'a negative dimension',
      field(7, field(5, [0x08, ...new Uint8Array(9).fill(0xff), 1, 0x10, 1])),
      'dimension of -1',
    ],
    [
      'data in two fields',
      field(7, field(5, [0x08, 1, 0x10, 1, 0x25, 0, 0, 0, 0], field(9, new Uint8Array(4)))),
      'in two fields',
    ],
    ['an external tensor without a file', field(7, field(5, [0x10, 1, 0x70, 1])), 'without a file'],
    [
      'an external tensor at a negative offset',
      field(
        7,
        field(
          5,
          [0x10, 1, 0x70, 1],
          field(13, field(1, Buffer.from('location')), field(2, Buffer.from('w'))),
          field(13, field(1, Buffer.from('offset')), field(2, Buffer.from('-8'))),
        ),
      ),
      'the offset "-8"',
    ],
  ])('%s', (_name, bytes, expected) => {
    const error = failure(bytes);
    expect(error.code).toBe('graph/malformed-onnx');
    expect(error.where).toBe('some.onnx');
    expect(error.message).toContain(expected);
  });

  test('graphs inside graphs end before the stack does', () => {
    let graph = new Uint8Array(0);
    const wrap = (tag: number, content: Uint8Array): Uint8Array<ArrayBuffer> => {
      const length: number[] = [];
      for (let rest = content.length; rest >= 0; rest = rest < 128 ? -1 : rest >> 7) {
        length.push(rest < 128 ? rest : (rest & 0x7f) | 0x80);
      }
      return Uint8Array.from([tag, ...length, ...content]);
    };
    for (let depth = 0; depth < 1000; depth++) graph = wrap(0x0a, wrap(0x2a, wrap(0x32, graph)));
    expect(failure(wrap(0x3a, graph)).message).toContain('messages deep');
  });

  test('many empty entries are refused before they fill the memory', () => {
    const nodes = Buffer.alloc(2_500_000);
    for (let at = 0; at < nodes.length; at += 2) nodes[at] = 0x0a;
    const length = [nodes.length & 0x7f, (nodes.length >> 7) & 0x7f, (nodes.length >> 14) & 0x7f, nodes.length >> 21];
    const header = Uint8Array.of(0x3a, ...length.map((byte, index) => (index < 3 ? byte | 0x80 : byte)));
    expect(failure(Buffer.concat([header, nodes])).message).toContain('more entries than any model');
  });
});

test(`${MUTATIONS} damaged models are read or refused by a GraphError, and nothing read reaches beyond the file`, () => {
  const valid = encodeModelBytes(MODEL);
  let refused = 0;
  for (let seed = 0; seed < MUTATIONS; seed++) {
    const { bytes, mutations } = mutateOnnx(valid, seed);
    try {
      for (const { data } of parseOnnx(bytes).graph.initializers) {
        if (data.kind === 'inline') expect(data.bytes.length).toBeLessThanOrEqual(bytes.length);
      }
    } catch (error) {
      if (!(error instanceof GraphError)) throw new Error(`seed ${seed}: ${mutations.join('; ')}`, { cause: error });
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(MUTATIONS / 3);
}, 600_000);
