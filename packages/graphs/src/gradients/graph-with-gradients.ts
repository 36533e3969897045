import { GraphError } from '@hubfuse/plugin';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import type { OnnxGraph, OnnxTensor } from '../onnx-model.ts';
import { pruneGraph } from '../prune-graph.ts';
import { intAttribute } from './attributes.ts';
import type { DifferentiableTensor } from './find-differentiable.ts';
import { type Likelihood, logLikelihood } from './likelihood.ts';
import { reverseMode } from './reverse-mode.ts';
import type { OperatorRules } from './rules.ts';

export const LOGITS = 'logits';

/** Gradients of a log-likelihood in place of a graph's own outputs. */
export interface GradientOptions {
  likelihood: Likelihood;
  /** Canonical names of the tensors whose gradients are the outputs (`findDifferentiable`). */
  tensors: readonly string[];
  /** What is known of each operator (`operatorRules`). */
  rules: OperatorRules;
}

/** The outputs that hold the gradient of a tensor. */
export type GradientOutput =
  /** `values`: float32 in the tensor's shape. */
  | { kind: 'dense'; values: string }
  /**
   * The gradient of a table of which rows are looked up: `rows` is float32 [n, width], a gradient for each look-up, and
   * `indices` int64 [n], the row that it belongs to. Rows that are looked up again come again; all others are zero.
   */
  | { kind: 'rows'; rows: string; indices: string };

export function gradientOutput({ name, lookedUp }: Pick<DifferentiableTensor, 'name' | 'lookedUp'>): GradientOutput {
  const output = `gradient:${name}`;
  return lookedUp
    ? { kind: 'rows', rows: `${output}:rows`, indices: `${output}:indices` }
    : { kind: 'dense', values: output };
}

/**
 * The graph that a builder holds, with the gradients of tensors as its only outputs, and the inputs of the likelihood
 * beside its own. Layers before the first of the tensors are computed, but nothing flows back through them.
 * @throws GraphError where the model gives no logits, does not depend on a tensor, or has an operator without a rule
 */
export function graphWithGradients(builder: GraphBuilder, options: GradientOptions): OnnxGraph {
  const built = builder.finish();
  const logits = built.outputs.find(({ name }) => name === LOGITS);
  if (logits?.dimensions === undefined) {
    throw new GraphError({
      code: 'graph/no-likelihood',
      message: `a ${built.name} answers no labels`,
      hint: 'Fisher information is taken of classifiers: use the model with its head',
    });
  }
  const graph = pruneGraph({ ...built, outputs: [logits] });
  const dimensions = logits.dimensions.map((size) => size ?? '');
  const { of, seed } = logLikelihood(builder, { logits: { name: LOGITS }, dimensions, likelihood: options.likelihood });
  const gradients = reverseMode(builder, { of, seed, with: options.tensors, rules: options.rules });
  const outputs = new Set<string>();
  for (const tensor of graph.initializers) {
    const gradient = gradients.get(tensor.name);
    if (gradient === undefined) continue;
    const output = gradientOutput({ name: tensor.name, lookedUp: isLookedUp(graph, tensor) });
    if (output.kind === 'dense') builder.output(output.values, gradient, tensor.dimensions);
    else emitRows(builder, { gradient, output, width: tensor.dimensions[1] ?? 1 });
    for (const name of output.kind === 'dense' ? [output.values] : [output.rows, output.indices]) outputs.add(name);
  }
  const missing = options.tensors.find((name) => !gradients.has(name));
  if (missing !== undefined) {
    throw new GraphError({
      code: 'graph/no-dependence',
      message: `the answers of this ${graph.name} do not depend on the tensor "${missing}"`,
    });
  }
  const extended = builder.finish();
  return pruneGraph({ ...extended, outputs: extended.outputs.filter(({ name }) => outputs.has(name)) });
}

/** Whether all that is done with a matrix is to look up some of its rows, once. */
export function isLookedUp({ nodes }: Pick<OnnxGraph, 'nodes'>, { name, dimensions }: OnnxTensor): boolean {
  const [use, ...others] = nodes.filter(({ inputs }) => inputs.includes(name));
  if (use === undefined || others.length > 0 || dimensions.length !== 2) return false;
  return use.operator === 'Gather' && use.inputs[0] === name && intAttribute(use, 'axis', 0) === 0;
}

/** Takes the pieces that the rule of Gather scatters into zeros: adding them up is left to the reader. */
function emitRows(
  builder: GraphBuilder,
  options: { gradient: Value; output: Extract<GradientOutput, { kind: 'rows' }>; width: number },
): void {
  const { gradient, output, width } = options;
  const scatter = builder.finish().nodes.find(({ outputs }) => outputs[0] === gradient.name);
  const [, indices = '', updates = ''] = scatter?.inputs ?? [];
  const rows = builder.node('Reshape', [{ name: updates }, builder.constant('int64', [-1, width])]);
  builder.output(output.rows, rows, ['look_ups', width]);
  const flat = builder.node('Reshape', [{ name: indices }, builder.constant('int64', [-1])]);
  builder.output(output.indices, flat, ['look_ups'], 'int64');
}
