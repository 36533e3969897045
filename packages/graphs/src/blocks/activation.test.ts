import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GraphError } from '@hubfuse/plugin';
import { folderSource, readCheckpoint, type TensorData, writeSafetensors } from '@hubfuse/tensors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clamp, erf, gelu, geluTanh, sigmoid, softplus } from '../../test/special-functions.ts';
import { encodeModelBytes } from '../encode-model.ts';
import { GraphBuilder, storedElementType } from '../graph-builder.ts';
import { runGraph } from '../run-graph.ts';
import { Weights } from '../weights.ts';
import { type ActivationName, activation, activationName } from './activation.ts';

const silu = (x: number): number => x * sigmoid(x);

const SLOPE = 0.3;
const ALPHA_P = 0.7;
const ALPHA_N = -0.4;
const BETA = 0.6;
const EPS = -1e-3;

/** The nearest bfloat16. */
function coarse(x: number): number {
  const bits = new Uint32Array(Float32Array.of(x).buffer);
  const [found = 0] = bits;
  bits[0] = (found + 0x7fff + ((found >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0] ?? Number.NaN;
}

/** `round` is what the four scalars are stored in, and what is computed from them alone. */
const xielu =
  (round: (x: number) => number) =>
  (x: number): number => {
    const beta = round(BETA);
    const positive = round(softplus(round(ALPHA_P)));
    const negative = round(beta + round(softplus(round(ALPHA_N))));
    if (x > 0) return positive * x * x + beta * x;
    return (Math.expm1(Math.min(x, round(EPS))) - x) * negative + beta * x;
  };

/** The definitions of transformers' activations.py and of the PyTorch modules that it names, in float64. */
const DEFINITIONS: Readonly<Record<ActivationName, (x: number) => number>> = {
  gelu,
  gelu_10: (x) => clamp(gelu(x), -10, 10),
  gelu_accurate: geluTanh,
  gelu_fast: geluTanh,
  gelu_new: geluTanh,
  gelu_python: gelu,
  gelu_python_tanh: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  hardswish: (x) => (x * clamp(x + 3, 0, 6)) / 6,
  laplace: (x) => 0.5 * (1 + erf((x - Math.SQRT1_2) / (0.282095 * Math.SQRT2))),
  leaky_relu: (x) => (x > 0 ? x : 0.01 * x),
  linear: (x) => x,
  mish: (x) => x * Math.tanh(softplus(x)),
  prelu: (x) => (x > 0 ? x : SLOPE * x),
  quick_gelu: (x) => x * sigmoid(1.702 * x),
  relu: (x) => Math.max(0, x),
  relu2: (x) => Math.max(0, x) ** 2,
  relu6: (x) => clamp(x, 0, 6),
  sigmoid,
  silu,
  sqrtsoftplus: (x) => Math.sqrt(softplus(x)),
  swish: silu,
  tanh: Math.tanh,
  xielu: xielu((x) => x),
};

/** The module of a xielu whose scalars are stored in bfloat16. */
const COARSE = 'coarse';

const NAMES = Object.keys(DEFINITIONS) as ActivationName[];
const INPUTS = Float32Array.from({ length: 241 }, (_, index) => (index - 120) / 10);

let folder: string;
let outputs: Readonly<Record<string, { data: Float32Array | BigInt64Array }>>;

const scalar = (value: number, shape: number[]): TensorData => ({
  dtype: 'F32',
  shape,
  data: new Uint8Array(Float32Array.of(value).buffer),
});

const coarseScalar = (value: number, shape: number[]): TensorData => ({
  dtype: 'BF16',
  shape,
  data: new Uint8Array(Float32Array.of(coarse(value)).buffer, 2),
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-activation-'));
  const stored = new Map([
    ['prelu.weight', scalar(SLOPE, [1])],
    ['xielu.alpha_p', scalar(ALPHA_P, [1])],
    ['xielu.alpha_n', scalar(ALPHA_N, [1])],
    ['xielu.beta', scalar(BETA, [])],
    ['xielu.eps', scalar(EPS, [])],
    [`${COARSE}.alpha_p`, coarseScalar(ALPHA_P, [1])],
    [`${COARSE}.alpha_n`, coarseScalar(ALPHA_N, [1])],
    [`${COARSE}.beta`, coarseScalar(BETA, [])],
    [`${COARSE}.eps`, coarseScalar(EPS, [])],
  ]);
  await writeSafetensors(join(folder, 'model.safetensors'), stored);
  const { tensors } = await readCheckpoint(await folderSource(folder));
  const builder = new GraphBuilder({
    name: 'activations',
    weights: new Weights(tensors.values(), {
      prefix: 'model',
      heads: ['prelu', 'xielu', COARSE],
      legacyNames: [],
      tied: {},
    }),
    place: (tensor) => ({
      elementType: storedElementType(tensor),
      data: { kind: 'external', location: tensor.file, offset: tensor.offset, length: tensor.bytes },
    }),
    hiddenStates: false,
    everyToken: false,
    unpadded: false,
  });
  const input = builder.input('input', 'float32', ['size']);
  for (const name of NAMES) builder.output(name, activation(builder, name, input, name), ['size']);
  builder.output(COARSE, activation(builder, 'xielu', input, COARSE), ['size']);
  const model = encodeModelBytes({
    irVersion: 9,
    producer: 'test',
    producerVersion: '',
    opsets: [{ domain: '', version: 20 }],
    graph: builder.finish(),
    metadata: new Map(),
  });
  const [result] = await runGraph({
    model,
    sessionOptions: { extra: { session: { model_external_initializers_file_folder_path: folder } } },
    feeds: [{ input: { data: INPUTS, dimensions: [INPUTS.length] } }],
  });
  outputs = result ?? {};
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function expectValues(output: string, definition: (x: number) => number): void {
  const actual = outputs[output]?.data ?? [];
  expect(actual).toHaveLength(INPUTS.length);
  INPUTS.forEach((x, index) => {
    const expected = definition(x);
    expect(Math.abs(Number(actual[index]) - expected), `at ${x}`).toBeLessThan(2e-6 * Math.max(1, Math.abs(expected)));
  });
}

test.each(NAMES)('%s is what transformers defines by that name', (name) => expectValues(name, DEFINITIONS[name]));

test('what xielu computes of scalars that are stored in bfloat16 is rounded to it, as in transformers', () => {
  expectValues(COARSE, xielu(coarse));
});

test('a name that transformers does not know is refused with the nearest one', () => {
  expect(() => activationName('gelu_newer')).toThrow(GraphError);
  expect(() => activationName('gelu_newer')).toThrow('did you mean gelu_new?');
  expect(() => activationName('constructor')).toThrow(GraphError);
});
