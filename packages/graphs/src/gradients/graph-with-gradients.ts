import { GraphError } from '@hubfuse/plugin';
import type { GraphBuilder } from '../graph-builder.ts';
import type { OnnxGraph } from '../onnx-model.ts';
import { pruneGraph } from '../prune-graph.ts';
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

/** The output that holds the gradient of a tensor: float32, in the tensor's shape. */
export function gradientOutput(tensor: string): string {
  return `gradient:${tensor}`;
}

/**
 * The graph that a builder holds, with the gradients of tensors as its only outputs, and the inputs of the likelihood
 * beside its own. Layers before the first of the tensors are computed, but nothing flows back through them.
 * @throws GraphError where the model gives no logits, does not depend on a tensor, or has an operator without a rule
 */
export function graphWithGradients(builder: GraphBuilder, options: GradientOptions): OnnxGraph {
  const graph = builder.finish();
  const logits = graph.outputs.find(({ name }) => name === LOGITS);
  if (logits?.dimensions === undefined) {
    throw new GraphError({
      code: 'graph/no-likelihood',
      message: `a ${graph.name} answers no labels`,
      hint: 'Fisher information is taken of classifiers: use the model with its head',
    });
  }
  const dimensions = logits.dimensions.map((size) => size ?? '');
  const { of, seed } = logLikelihood(builder, { logits: { name: LOGITS }, dimensions, likelihood: options.likelihood });
  const gradients = reverseMode(builder, { of, seed, with: options.tensors, rules: options.rules });
  const shapes = new Map(graph.initializers.map((tensor) => [tensor.name, tensor.dimensions]));
  for (const tensor of options.tensors) {
    const gradient = gradients.get(tensor);
    const shape = shapes.get(tensor);
    if (gradient === undefined || shape === undefined) {
      throw new GraphError({
        code: 'graph/no-dependence',
        message: `the answers of this ${graph.name} do not depend on the tensor "${tensor}"`,
      });
    }
    builder.output(gradientOutput(tensor), gradient, shape);
  }
  const extended = builder.finish();
  const wanted = new Set(options.tensors.map(gradientOutput));
  return pruneGraph({ ...extended, outputs: extended.outputs.filter(({ name }) => wanted.has(name)) });
}
