import { join } from 'node:path';
import { GraphError, type Registry } from '@hubfuse/plugin';
import { folderSource, readCheckpoint } from '@hubfuse/tensors';
import { declaredClass } from './find-architecture.ts';
import { graphOverFiles } from './graph-over-files.ts';
import { readConfig } from './read-config.ts';
import { type ReferenceCase, type ReferenceTensor, readReferenceCases } from './reference-cases.ts';
import { type GraphTensor, runGraph } from './run-graph.ts';

/** How one output of the graph differs from its reference. */
export interface GraphDifference {
  /** The case's name: `batch`, `single`. */
  case: string;
  /** Name in `io.safetensors`: `output.logits`, `hidden.2`. */
  output: string;
  /** Largest absolute difference over the compared elements; NaN where the graph returns NaN. */
  largest: number;
  /** Where it is: an index per dimension. */
  at: number[];
  /** Elements compared. Positions that the attention mask leaves out are not. */
  compared: number;
  within: boolean;
}

export interface GraphCheck {
  folder: string;
  /** Name of the config file that the graph was built from. */
  config: string;
  className: string;
  tolerance: number;
  differences: GraphDifference[];
  /** Whether every output is within the tolerance. */
  passed: boolean;
}

export interface CheckGraphOptions {
  /** A model folder with an `io.safetensors` of inputs and the outputs that PyTorch gives for them. */
  folder: string;
  registry: Registry;
  /** Largest absolute difference allowed. Default 1e-4. */
  tolerance?: number | undefined;
  /** Config file inside the folder. Default `config.json`. */
  config?: string | undefined;
  /** Default: the first entry of the config's `architectures`. */
  className?: string | undefined;
  /** Which graph optimisations onnxruntime may make. Default `all`. */
  optimization?: 'disabled' | 'basic' | 'extended' | 'all' | undefined;
}

/**
 * Compares a model's graph with stored results: every output and hidden state of every case in `io.safetensors`.
 * @throws GraphError where the graph cannot be built or run, or an expected output is not among its outputs
 */
export async function checkGraph(options: CheckGraphOptions): Promise<GraphCheck> {
  const { folder, registry, tolerance = 1e-4, config: configName = 'config.json' } = options;
  const source = await folderSource(folder);
  const config = await readConfig(source, configName);
  const className = options.className ?? declaredClass(config) ?? '';
  const { tensors } = await readCheckpoint(source);
  const graph = await graphOverFiles({ folder, config, tensors, registry, className, outputs: 'hidden-states' });
  const cases = await readReferenceCases(join(folder, 'io.safetensors'));
  const results = await runGraph({
    model: graph.model,
    sessionOptions: { ...graph.sessionOptions, graphOptimizationLevel: options.optimization ?? 'all' },
    feeds: cases.map((one) => withDefaults(one.inputs)),
  });
  const differences = cases.flatMap((one, index) => compareCase(one, results[index] ?? {}, { folder, tolerance }));
  if (differences.length === 0) {
    throw new GraphError({
      code: 'graph/reference-case',
      where: join(folder, 'io.safetensors'),
      message: 'there is nothing to compare with: no tensor is named output.<name> or hidden.<i>',
    });
  }
  const passed = differences.every(({ within }) => within);
  return { folder, config: configName, className, tolerance, differences, passed };
}

/** Inputs that PyTorch's classes fill in themselves: one segment. Inputs that the graph does not have are not fed. */
function withDefaults(inputs: Readonly<Record<string, GraphTensor>>): Record<string, GraphTensor> {
  const ids = inputs.input_ids;
  if (ids === undefined) return { ...inputs };
  const zeros = { data: new BigInt64Array(ids.data.length), dimensions: ids.dimensions };
  const ones = { data: new BigInt64Array(ids.data.length).fill(1n), dimensions: ids.dimensions };
  return { token_type_ids: zeros, attention_mask: ones, ...inputs };
}

function compareCase(
  one: ReferenceCase,
  results: Readonly<Record<string, GraphTensor>>,
  options: { folder: string; tolerance: number },
): GraphDifference[] {
  return Object.entries(one.expected).map(([output, expected]) => {
    const actual = results[output];
    if (actual === undefined) {
      throw new GraphError({
        code: 'graph/missing-output',
        where: options.folder,
        message: `the graph has no output for ${expected.name}; its outputs are ${Object.keys(results).join(', ')}`,
      });
    }
    const difference = largestDifference(expected, actual, one.inputs.attention_mask);
    // Written so that NaN is not within.
    return { case: one.name, output: expected.name, ...difference, within: difference.largest <= options.tolerance };
  });
}

/** The largest absolute difference; values per token [batch, length, ...] are compared where the mask is 1. */
function largestDifference(
  expected: ReferenceTensor,
  actual: GraphTensor,
  mask: GraphTensor | undefined,
): Pick<GraphDifference, 'largest' | 'at' | 'compared'> {
  const { dimensions, values } = expected;
  if (dimensions.join() !== actual.dimensions.join()) {
    throw new GraphError({
      code: 'graph/output-shape',
      message: `${expected.name} has the shape [${actual.dimensions.join(', ')}] instead of [${dimensions.join(', ')}]`,
    });
  }
  const perToken = dimensions.length > 2 && mask?.dimensions.every((size, axis) => size === dimensions[axis]);
  const width = perToken ? values.length / Math.max(1, mask?.data.length ?? 1) : 0;
  let [largest, position, compared] = [0, 0, 0];
  for (let index = 0; index < values.length; index++) {
    if (perToken && Number(mask?.data[Math.floor(index / width)]) === 0) continue;
    compared++;
    const difference = Math.abs(Number(actual.data[index]) - Number(values[index]));
    if (difference > largest || Number.isNaN(difference)) [largest, position] = [difference, index];
    if (Number.isNaN(difference)) break;
  }
  return { largest, at: unravel(position, dimensions), compared };
}

/** The index per dimension of an element's position in row order. */
function unravel(position: number, dimensions: readonly number[]): number[] {
  const at: number[] = [];
  let rest = position;
  for (const size of [...dimensions].reverse()) {
    at.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return at;
}
