import { floatAttribute, frontAxis, intAttribute, intsAttribute, textAttribute } from '../src/gradients/attributes.ts';
import type { OnnxNode } from '../src/onnx-model.ts';
import {
  array,
  at,
  broadcastAt,
  broadcastDimensions,
  byIndex,
  combine,
  fold,
  multiply,
  type NdArray,
  permute,
  size,
  strides,
} from './nd-array.ts';
import { clamp, erf, gelu, geluTanh, sigmoid, softplus } from './special-functions.ts';

type Operator = (node: OnnxNode, inputs: readonly NdArray[]) => NdArray | readonly NdArray[];

const each =
  (element: (x: number) => number): Operator =>
  (_node, [input]) =>
    combine([input as NdArray], element);
const pairs =
  (element: (a: number, b: number) => number): Operator =>
  (_node, inputs) =>
    combine(inputs, element as (...values: number[]) => number);
const truth =
  (test: (a: number, b: number) => boolean): Operator =>
  (_node, inputs) =>
    combine(inputs, (a = 0, b = 0) => Number(test(a, b)));
const withDimensions = (source: NdArray, dimensions: readonly number[]): NdArray => ({ dimensions, data: source.data });
const ints = (source: NdArray | undefined): number[] => [...(source?.data ?? [])];
const rankOf = (source: NdArray): number => source.dimensions.length;

/** What onnx.ai says of each operator, with the attributes that our graphs give. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  Identity: each((x) => x),
  // Whole numbers stand for themselves; casts of truth values and between float types keep the value.
  Cast: each((x) => x),
  Neg: each((x) => -x),
  Not: each((x) => Number(x === 0)),
  Exp: each(Math.exp),
  Log: each(Math.log),
  Sqrt: each(Math.sqrt),
  Erf: each(erf),
  Tanh: each(Math.tanh),
  Sigmoid: each(sigmoid),
  Softplus: each(softplus),
  Relu: each((x) => Math.max(0, x)),
  HardSwish: each((x) => x * clamp(x / 6 + 0.5, 0, 1)),
  Mish: each((x) => x * Math.tanh(softplus(x))),
  Gelu: (node, inputs) => each(textAttribute(node, 'approximate', 'none') === 'tanh' ? geluTanh : gelu)(node, inputs),
  LeakyRelu: (node, inputs) => each((x) => (x > 0 ? x : floatAttribute(node, 'alpha', 0.01) * x))(node, inputs),
  PRelu: pairs((x, slope) => (x > 0 ? x : slope * x)),
  Clip: (_node, inputs) => combine(inputs, (x = 0, low = -Infinity, high = Infinity) => clamp(x, low, high)),
  Add: pairs((a, b) => a + b),
  Sub: pairs((a, b) => a - b),
  Mul: pairs((a, b) => a * b),
  Div: pairs((a, b) => a / b),
  Pow: pairs((a, b) => a ** b),
  Min: pairs(Math.min),
  Max: pairs(Math.max),
  Equal: truth((a, b) => a === b),
  Greater: truth((a, b) => a > b),
  GreaterOrEqual: truth((a, b) => a >= b),
  LessOrEqual: truth((a, b) => a <= b),
  Where: (_node, inputs) => combine(inputs, (condition = 0, yes = 0, no = 0) => (condition === 0 ? no : yes)),
  Gemm: gemm,
  MatMul: (_node, [left, right]) => multiply(left as NdArray, right as NdArray),
  LayerNormalization: layerNormalization,
  Softmax: (node, [input]) => softmax(node, input as NdArray),
  LogSoftmax: (node, [input]) => combine([softmax(node, input as NdArray)], Math.log),
  ReduceSum: (node, [input, axes]) => reduce(node, input as NdArray, axes),
  ReduceMean: (node, [input, axes]) => {
    const sums = reduce(node, input as NdArray, axes);
    const share = Math.max(1, sums.data.length) / Math.max(1, (input as NdArray).data.length);
    return combine([sums], (sum = 0) => sum * share);
  },
  ReduceProd: (_node, [input]) => array([], () => size(ints(input))),
  ArgMax: argMax,
  OneHot: (_node, [labels, depth, values]) => {
    const source = labels as NdArray;
    const [off = 0, on = 1] = ints(values);
    const count = ints(depth)[0] ?? 0;
    return byIndex([...source.dimensions, count], (index) =>
      at(source, index.slice(0, -1)) === index.at(-1) ? on : off,
    );
  },
  CumSum: (_node, [input, axis]) => {
    const source = input as NdArray;
    const along = frontAxis(ints(axis)[0] ?? 0, rankOf(source));
    return byIndex(source.dimensions, (index) => {
      let sum = 0;
      for (let place = 0; place <= (index[along] ?? 0); place++) sum += at(source, index.with(along, place));
      return sum;
    });
  },
  Trilu: (node, [input]) => {
    const source = input as NdArray;
    const upper = intAttribute(node, 'upper', 1) === 1;
    return byIndex(source.dimensions, (index) => {
      const distance = (index.at(-1) ?? 0) - (index.at(-2) ?? 0);
      return (upper ? distance >= 0 : distance <= 0) ? at(source, index) : 0;
    });
  },
  Shape: (_node, [input]) => array([rankOf(input as NdArray)], (axis) => (input as NdArray).dimensions[axis] ?? 0),
  Expand: (_node, [input, shape]) => {
    const source = input as NdArray;
    return byIndex(broadcastDimensions([source.dimensions, ints(shape)]), (index) => broadcastAt(source, index));
  },
  Reshape: (_node, [input, shape]) => {
    const source = input as NdArray;
    const asked = ints(shape).map((length, axis) => (length === 0 ? (source.dimensions[axis] ?? 0) : length));
    const rest = source.data.length / size(asked.filter((length) => length !== -1));
    return withDimensions(
      source,
      asked.map((length) => (length === -1 ? rest : length)),
    );
  },
  Unsqueeze: (_node, [input, axes]) => {
    const source = input as NdArray;
    const added = ints(axes);
    const rank = rankOf(source) + added.length;
    const places = added.map((axis) => frontAxis(axis, rank));
    const kept = [...source.dimensions];
    return withDimensions(
      source,
      Array.from({ length: rank }, (_, axis) => (places.includes(axis) ? 1 : (kept.shift() ?? 1))),
    );
  },
  Squeeze: (_node, [input, axes]) => {
    const source = input as NdArray;
    const dropped = ints(axes).map((axis) => frontAxis(axis, rankOf(source)));
    return withDimensions(
      source,
      source.dimensions.filter((_, axis) => !dropped.includes(axis)),
    );
  },
  Transpose: (node, [input]) => {
    const source = input as NdArray;
    return permute(source, intsAttribute(node, 'perm') ?? source.dimensions.map((_, axis) => axis).reverse());
  },
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Gather: gather,
  ScatterND: scatterAdd,
};

function gemm(node: OnnxNode, [left, right, added]: readonly NdArray[]): NdArray {
  const side = (source: NdArray | undefined, flag: string): NdArray =>
    intAttribute(node, flag, 0) === 1 ? permute(source as NdArray, [1, 0]) : (source as NdArray);
  const product = multiply(side(left, 'transA'), side(right, 'transB'));
  const alpha = floatAttribute(node, 'alpha', 1);
  const beta = floatAttribute(node, 'beta', 1);
  if (added === undefined) return combine([product], (value = 0) => alpha * value);
  return combine([product, added], (value = 0, bias = 0) => alpha * value + beta * bias);
}

function layerNormalization(node: OnnxNode, [input, scale, bias]: readonly NdArray[]): NdArray {
  const source = input as NdArray;
  const first = frontAxis(intAttribute(node, 'axis', -1), rankOf(source));
  const axes = source.dimensions.map((_, axis) => axis).slice(first);
  const count = size(source.dimensions.slice(first));
  const mean = (values: NdArray): NdArray =>
    combine([fold(values, axes, { start: 0, step: (sum, value) => sum + value })], (sum = 0) => sum / count);
  const centred = combine([source, mean(source)], (x = 0, centre = 0) => x - centre);
  const variance = mean(combine([centred], (x = 0) => x * x));
  const epsilon = floatAttribute(node, 'epsilon', 1e-5);
  const normal = combine([centred, variance], (x = 0, v = 0) => x / Math.sqrt(v + epsilon));
  return combine([normal, scale as NdArray, bias ?? array([], () => 0)], (n = 0, s = 0, b = 0) => n * s + b);
}

function softmax(node: OnnxNode, source: NdArray): NdArray {
  const axis = [frontAxis(intAttribute(node, 'axis', -1), rankOf(source))];
  const largest = fold(source, axis, { start: -Infinity, step: Math.max });
  const powers = combine([source, largest], (x = 0, top = 0) => Math.exp(x - top));
  const sums = fold(powers, axis, { start: 0, step: (sum, value) => sum + value });
  return combine([powers, sums], (power = 0, sum = 1) => power / sum);
}

function reduce(node: OnnxNode, source: NdArray, axes: NdArray | undefined): NdArray {
  const asked = ints(axes).map((axis) => frontAxis(axis, rankOf(source)));
  const along = asked.length > 0 ? asked : source.dimensions.map((_, axis) => axis);
  const sums = fold(source, along, { start: 0, step: (sum, value) => sum + value });
  if (intAttribute(node, 'keepdims', 1) === 1) return sums;
  return withDimensions(
    sums,
    source.dimensions.filter((_, axis) => !along.includes(axis)),
  );
}

function argMax(node: OnnxNode, [input]: readonly NdArray[]): NdArray {
  const source = input as NdArray;
  const axis = frontAxis(intAttribute(node, 'axis', 0), rankOf(source));
  const dimensions = source.dimensions.filter((_, place) => place !== axis);
  return byIndex(dimensions, (index) => {
    const values = Array.from({ length: source.dimensions[axis] ?? 0 }, (_, place) =>
      at(source, index.toSpliced(axis, 0, place)),
    );
    return values.indexOf(Math.max(...values));
  });
}

function concat(node: OnnxNode, inputs: readonly NdArray[]): NdArray {
  const axis = frontAxis(intAttribute(node, 'axis', 0), rankOf(inputs[0] as NdArray));
  const total = inputs.reduce((sum, { dimensions }) => sum + (dimensions[axis] ?? 0), 0);
  return byIndex((inputs[0] as NdArray).dimensions.with(axis, total), (index) => {
    let place = index[axis] ?? 0;
    for (const input of inputs) {
      const length = input.dimensions[axis] ?? 0;
      if (place < length) return at(input, index.with(axis, place));
      place -= length;
    }
    return Number.NaN;
  });
}

function split(node: OnnxNode, [input, sizes]: readonly NdArray[]): NdArray[] {
  const source = input as NdArray;
  const axis = frontAxis(intAttribute(node, 'axis', 0), rankOf(source));
  const equal = (source.dimensions[axis] ?? 0) / node.outputs.length;
  let start = 0;
  return (sizes === undefined ? node.outputs.map(() => equal) : ints(sizes)).map((length) => {
    const from = start;
    start += length;
    return byIndex(source.dimensions.with(axis, length), (index) =>
      at(source, index.with(axis, (index[axis] ?? 0) + from)),
    );
  });
}

function slice(_node: OnnxNode, [input, starts, ends, axes]: readonly NdArray[]): NdArray {
  const source = input as NdArray;
  const from = new Array<number>(rankOf(source)).fill(0);
  const to = [...source.dimensions];
  const along = axes === undefined ? ints(starts).map((_, axis) => axis) : ints(axes);
  for (const [index, given] of along.entries()) {
    const axis = frontAxis(given, rankOf(source));
    const length = source.dimensions[axis] ?? 0;
    const place = (value: number): number => clamp(value < 0 ? value + length : value, 0, length);
    from[axis] = place(ints(starts)[index] ?? 0);
    to[axis] = place(ints(ends)[index] ?? 0);
  }
  return byIndex(
    to.map((end, axis) => end - (from[axis] ?? 0)),
    (index) =>
      at(
        source,
        index.map((place, axis) => place + (from[axis] ?? 0)),
      ),
  );
}

function pad(_node: OnnxNode, [input, pads, , axes]: readonly NdArray[]): NdArray {
  const source = input as NdArray;
  const along = axes === undefined ? source.dimensions.map((_, axis) => axis) : ints(axes);
  const counts = ints(pads);
  const before = new Array<number>(rankOf(source)).fill(0);
  const dimensions = [...source.dimensions];
  for (const [index, axis] of along.entries()) {
    before[axis] = counts[index] ?? 0;
    dimensions[axis] = (dimensions[axis] ?? 0) + (counts[index] ?? 0) + (counts[index + along.length] ?? 0);
  }
  return byIndex(dimensions, (index) => {
    const place = index.map((value, axis) => value - (before[axis] ?? 0));
    const inside = place.every((value, axis) => value >= 0 && value < (source.dimensions[axis] ?? 0));
    return inside ? at(source, place) : 0;
  });
}

function gather(node: OnnxNode, [table, indices]: readonly NdArray[]): NdArray {
  const source = table as NdArray;
  const places = indices as NdArray;
  const axis = frontAxis(intAttribute(node, 'axis', 0), rankOf(source));
  const dimensions = [...source.dimensions.slice(0, axis), ...places.dimensions, ...source.dimensions.slice(axis + 1)];
  return byIndex(dimensions, (index) => {
    const place = frontAxis(at(places, index.slice(axis, axis + rankOf(places))), source.dimensions[axis] ?? 0);
    return at(source, [...index.slice(0, axis), place, ...index.slice(axis + rankOf(places))]);
  });
}

/** ScatterND with reduction "add" and indices of one element. */
function scatterAdd(_node: OnnxNode, [into, indices, updates]: readonly NdArray[]): NdArray {
  const target = into as NdArray;
  const data = target.data.slice();
  const row = strides(target.dimensions)[0] ?? 1;
  const length = target.dimensions[0] ?? 0;
  ints(indices).forEach((index, place) => {
    for (let k = 0; k < row; k++) {
      const position = frontAxis(index, length) * row + k;
      data[position] = (data[position] ?? 0) + ((updates as NdArray).data[place * row + k] ?? 0);
    }
  });
  return withDimensions({ dimensions: [], data }, target.dimensions);
}
