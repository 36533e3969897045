import { expect } from 'vitest';
import { reverseMode } from '../src/gradients/reverse-mode.ts';
import { operatorRules } from '../src/gradients/rules.ts';
import { GraphBuilder, type Value } from '../src/graph-builder.ts';
import type { OnnxGraph } from '../src/onnx-model.ts';
import { Weights } from '../src/weights.ts';
import { interpret } from './interpreter.ts';
import { array, type NdArray } from './nd-array.ts';

export interface DifferentiatedGraph {
  /** Emits what is differentiated from the inputs, in the order of `inputs`. */
  build(builder: GraphBuilder, inputs: readonly Value[]): Value;
  /** Shapes of the float inputs; or their values, where random ones between -2 and 2 will not do. */
  inputs: readonly (readonly number[] | NdArray)[];
  /** Inputs that are constants: they get no gradient. */
  constants?: readonly number[];
}

/**
 * Checks the gradient of a graph with respect to each of its inputs against central differences, both computed in float64.
 * A gradient must have the shape of its input.
 */
export async function expectGradient(graph: DifferentiatedGraph): Promise<void> {
  const rules = await operatorRules();
  const builder = emptyBuilder();
  const random = randomNumbers(7);
  const values = new Map<string, NdArray>();
  const inputs = graph.inputs.map((given, index): Value => {
    const value = 'data' in given ? given : array(given, () => 4 * random() - 2);
    values.set(`input.${index}`, value);
    return builder.input(`input.${index}`, 'float32', value.dimensions);
  });
  const wanted = inputs.map(({ name }) => name).filter((_, index) => graph.constants?.includes(index) !== true);
  const output = graph.build(builder, inputs);
  const forward = snapshot(builder);
  const { dimensions } = computed(forward, values, output.name);
  const seed = builder.input('seed', 'float32', dimensions);
  values.set(
    seed.name,
    array(dimensions, () => random() - 0.5),
  );
  const gradients = reverseMode(builder, { of: output, seed, with: wanted, rules });
  const backward = interpret(snapshot(builder), values);
  for (const name of wanted) {
    const gradient = backward.get(gradients.get(name)?.name ?? '');
    expect(gradient?.dimensions, `shape of the gradient of ${name}`).toEqual(values.get(name)?.dimensions);
    const expected = centralDifferences(name, { forward, values, output: output.name, seed: seed.name });
    for (const [index, slope] of expected.entries()) {
      expect(gradient?.data[index], `gradient of ${name} at ${index}`).toBeCloseTo(slope, 6);
    }
  }
}

/** A builder without weights. */
export function emptyBuilder(): GraphBuilder {
  return new GraphBuilder({
    name: 'test',
    weights: new Weights([], { prefix: '', heads: [], legacyNames: [], tied: {} }),
    place: () => {
      throw new Error('there are no weights');
    },
    hiddenStates: false,
    everyToken: false,
    unpadded: false,
  });
}

/** The graph as it stands now, whatever is added later. */
export function snapshot(builder: GraphBuilder): OnnxGraph {
  const graph = builder.finish();
  return { ...graph, nodes: [...graph.nodes] };
}

function computed(graph: OnnxGraph, values: ReadonlyMap<string, NdArray>, name: string): NdArray {
  const value = interpret(graph, values).get(name);
  if (value === undefined) throw new Error(`the graph has no value ${name}`);
  return value;
}

const STEP = 1e-5;

function centralDifferences(
  name: string,
  graph: { forward: OnnxGraph; values: ReadonlyMap<string, NdArray>; output: string; seed: string },
): number[] {
  const original = graph.values.get(name) as NdArray;
  const seed = graph.values.get(graph.seed) as NdArray;
  const moved = (index: number, by: number): number => {
    const value = { ...original, data: original.data.with(index, (original.data[index] ?? 0) + by) };
    const output = computed(graph.forward, new Map(graph.values).set(name, value), graph.output);
    return output.data.reduce((sum, element, at) => sum + element * (seed.data[at] ?? 0), 0);
  };
  return Array.from(original.data, (_, index) => (moved(index, STEP) - moved(index, -STEP)) / (2 * STEP));
}

/** Numbers from 0 to 1, the same in every run (xorshift). */
export function randomNumbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
