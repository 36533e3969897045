import { GraphError } from '@hubfuse/plugin';
import type { DType, StoredTensor } from '@hubfuse/tensors';
import {
  type AttributeValue,
  ElementType,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
  type TensorData,
} from './onnx-model.ts';
import type { Weight, Weights } from './weights.ts';

/** A value of the graph: an input, a weight, a constant or the output of a node. */
export interface Value {
  readonly name: string;
}

/** Where the tokens of an unpadded graph are: both int64. */
export interface TokenPlaces {
  /** The places of the tokens among [batch * length], in order: [tokens]. */
  placesOfRows: Value;
  /** The row of each place [batch, length]; a place of padding names that of the token before it. */
  rowsOfPlaces: Value;
}

/** Attributes as a builder writes them: whole numbers are ints, `{ float }` is a float, a string is a string. */
export type Attributes = Readonly<
  Record<string, number | boolean | string | readonly number[] | { readonly float: number }>
>;

/** How the stored elements of a weight come into the graph. */
export interface WeightData {
  elementType: number;
  data: TensorData;
}

const STORED_TYPES: Partial<Record<DType, number>> = {
  F32: ElementType.float32,
  F16: ElementType.float16,
  BF16: ElementType.bfloat16,
  F64: ElementType.float64,
};

/** The ONNX element type of a stored float tensor. @throws GraphError for dtypes that no model can be computed with. */
export function storedElementType(tensor: StoredTensor): number {
  const type = STORED_TYPES[tensor.dtype];
  if (type !== undefined) return type;
  throw new GraphError({
    code: 'graph/dtype',
    where: tensor.file,
    message: `the tensor "${tensor.name}" is stored as ${tensor.dtype}, which a graph cannot compute with`,
    hint: `use weights in ${Object.keys(STORED_TYPES).join(', ')}`,
  });
}

/**
 * Emits one ONNX graph: every function adds to it and returns the value that it adds. Weights are named after their
 * canonical tensors; all arithmetic is float32.
 */
export class GraphBuilder {
  readonly #weights: Weights;
  readonly #place: (tensor: StoredTensor) => WeightData;
  readonly #graph: OnnxGraph;
  readonly #initializers = new Map<string, OnnxTensor>();
  readonly #widened = new Map<string, Value>();
  /** Whether the architecture should emit the hidden state before and after every layer as outputs. */
  readonly hiddenStates: boolean;
  /**
   * Whether the last layer should compute every token where the outputs need the first one alone: hidden states and taps
   * read all of them.
   */
  readonly everyToken: boolean;
  /** Whether what has a row for each token has none for padding (`Sequence`). */
  readonly unpadded: boolean;
  /** Where the tokens of an unpadded graph are, once a `Sequence` has found them. */
  places: TokenPlaces | undefined;
  /** Heads of every attention that was emitted. */
  readonly attentionHeads: number[] = [];

  constructor(options: {
    name: string;
    weights: Weights;
    /** Where the elements of a stored tensor are for this graph. */
    place: (tensor: StoredTensor) => WeightData;
    hiddenStates: boolean;
    everyToken: boolean;
    unpadded: boolean;
  }) {
    this.#weights = options.weights;
    this.#place = options.place;
    this.hiddenStates = options.hiddenStates;
    this.everyToken = options.everyToken;
    this.unpadded = options.unpadded;
    this.#graph = { name: options.name, nodes: [], initializers: [], inputs: [], outputs: [], values: [] };
  }

  /** Adds an input of the graph; dimensions by name are free. */
  input(name: string, type: 'int64' | 'float32', dimensions: readonly (string | number)[]): Value {
    this.#graph.inputs.push({ name, elementType: ElementType[type], dimensions: [...dimensions] });
    return { name };
  }

  /** Makes a value an output of the graph under that name. */
  output(
    name: string,
    value: Value,
    dimensions: readonly (string | number)[],
    type: 'int64' | 'float32' = 'float32',
  ): void {
    this.#add({ operator: 'Identity', inputs: [value], outputs: [name], attributes: {} });
    this.#graph.outputs.push({ name, elementType: ElementType[type], dimensions: [...dimensions] });
  }

  /** Adds a node whose value is an output of the graph under that name, and nothing else. */
  outputNode(
    name: string,
    dimensions: readonly (string | number)[],
    node: { operator: string; inputs: readonly (Value | undefined)[]; attributes?: Attributes },
  ): void {
    this.#add({ attributes: {}, ...node, outputs: [name] });
    this.#graph.outputs.push({ name, elementType: ElementType.float32, dimensions: [...dimensions] });
  }

  /** The hidden state [batch, length, hidden] after `layer` layers, an output where they are asked for. */
  hiddenState(layer: number, value: Value, width: number): void {
    if (this.hiddenStates) this.output(`hidden_states.${layer}`, value, ['batch_size', 'sequence_length', width]);
  }

  /** Whether the checkpoint holds a tensor, itself or by a tie. */
  has(name: string): boolean {
    return this.#weights.find(name) !== undefined;
  }

  /** The stored shape of a tensor. @throws GraphError where it is missing or has another rank. */
  shape(name: string, rank: number): readonly number[] {
    return this.#weights.get(name, new Array<undefined>(rank).fill(undefined)).tensor.shape;
  }

  /** A weight in float32. `undefined` in the shape stands for any size. @throws GraphError where it does not fit. */
  weight(name: string, shape: readonly (number | undefined)[]): Value {
    const stored = this.storedWeight(name, shape);
    return stored.elementType === ElementType.float32 ? stored.value : this.#widen(stored.value);
  }

  /**
   * A weight in the type that it is stored in. For tables of which few rows are used: `widen` after the look-up costs
   * less than a float32 copy of the table.
   */
  storedWeight(name: string, shape: readonly (number | undefined)[]): { value: Value; elementType: number } {
    const weight = this.#weights.get(name, shape);
    const initializer = this.#initializers.get(weight.name) ?? this.#initializer(weight);
    return { value: { name: initializer.name }, elementType: initializer.elementType };
  }

  #initializer({ name, tensor }: Weight): OnnxTensor {
    const { elementType, data } = this.#place(tensor);
    const initializer = { name, elementType, dimensions: [...tensor.shape], data };
    this.#initializers.set(name, initializer);
    return initializer;
  }

  /** A value cast to float32. */
  widen(value: Value): Value {
    return this.node('Cast', [value], { to: ElementType.float32 });
  }

  #widen(value: Value): Value {
    const known = this.#widened.get(value.name);
    if (known !== undefined) return known;
    const widened = this.widen(value);
    this.#widened.set(value.name, widened);
    return widened;
  }

  /** A constant tensor; equal constants are one. */
  constant(type: 'int64' | 'float32', values: readonly number[], shape: readonly number[] = [values.length]): Value {
    const name = `constant:${type}[${shape.join(',')}]:${values.join(',')}`;
    if (!this.#initializers.has(name)) {
      const array = type === 'int64' ? BigInt64Array.from(values, BigInt) : Float32Array.from(values);
      const bytes = new Uint8Array(array.buffer);
      const data: TensorData = { kind: 'inline', bytes };
      this.#initializers.set(name, { name, elementType: ElementType[type], dimensions: [...shape], data });
    }
    return { name };
  }

  /** A float32 constant without dimensions. */
  scalar(value: number): Value {
    return this.constant('float32', [value], []);
  }

  /** Adds a node with one output. An input that is `undefined` is an optional one left out. */
  node(operator: string, inputs: readonly (Value | undefined)[], attributes: Attributes = {}): Value {
    const name = `${operator}_${this.#graph.nodes.length}`;
    this.#add({ operator, inputs, outputs: [name], attributes });
    return { name };
  }

  /** The parts of a value of these sizes along an axis, in one node. */
  split(value: Value, sizes: readonly number[], axis: number): Value[] {
    const outputs = sizes.map((_, index) => `Split_${this.#graph.nodes.length}_${index}`);
    this.#add({ operator: 'Split', inputs: [value, this.constant('int64', sizes)], outputs, attributes: { axis } });
    return outputs.map((name) => ({ name }));
  }

  #add(node: {
    operator: string;
    inputs: readonly (Value | undefined)[];
    outputs: string[];
    attributes: Attributes;
  }): void {
    const { operator, inputs, outputs, attributes } = node;
    const added: OnnxNode = {
      name: `${operator}_${this.#graph.nodes.length}`,
      operator,
      domain: '',
      inputs: inputs.map((input) => input?.name ?? ''),
      outputs,
      attributes: new Map(Object.entries(attributes).map(([key, value]) => [key, attributeValue(value)])),
    };
    this.#graph.nodes.push(added);
  }

  /** The graph as it stands. */
  finish(): OnnxGraph {
    return { ...this.#graph, initializers: [...this.#initializers.values()] };
  }
}

function attributeValue(value: Attributes[string]): AttributeValue {
  if (typeof value === 'string') return { kind: 'string', value: Buffer.from(value) };
  if (typeof value === 'number' || typeof value === 'boolean') return { kind: 'int', value: BigInt(value) };
  if (isList(value)) return { kind: 'ints', value: value.map(BigInt) };
  return { kind: 'float', value: value.float };
}

function isList(value: readonly number[] | { readonly float: number }): value is readonly number[] {
  return Array.isArray(value);
}
