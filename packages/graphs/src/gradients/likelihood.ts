import { GraphError } from '@hubfuse/plugin';
import type { GraphBuilder, Value } from '../graph-builder.ts';

/**
 * Which label's log-likelihood is differentiated, at every place with a weight:
 *
 * - `hard`: the label that the model answers, the first among equals.
 * - `empirical`: the label that the data give.
 * - `soft`: all labels at once, each by the probability that the model gives it.
 * - `definition`: the label that is asked for, times the square root of its probability: the squared gradients of all
 *   labels of one example sum to the expectation of the squared gradient.
 *
 * Probabilities are constants: no gradient flows through them.
 */
export const LIKELIHOODS = ['hard', 'soft', 'empirical', 'definition'] as const;
export type Likelihood = (typeof LIKELIHOODS)[number];

/** float32 in the shape of the logits without their last axis: what each answer counts for; 0 for one without a label. */
export const WEIGHTS_INPUT = 'answer_weights';
/** int64 in the same shape: the labels, for `empirical` and `definition`. */
export const LABELS_INPUT = 'answer_labels';

/** Whether the graph of a likelihood reads labels. */
export function readsLabels(likelihood: Likelihood): boolean {
  return likelihood === 'empirical' || likelihood === 'definition';
}

/**
 * Appends the weighted sum of log-likelihoods: the log-probabilities, and what each of them counts for.
 * @param logits [..., labels]
 */
export function logLikelihood(
  builder: GraphBuilder,
  options: { logits: Value; dimensions: readonly (string | number)[]; likelihood: Likelihood },
): { of: Value; seed: Value } {
  const { logits, dimensions, likelihood } = options;
  const labels = dimensions.at(-1);
  if (typeof labels !== 'number' || labels < 2) {
    throw new GraphError({
      code: 'graph/no-likelihood',
      message: `a model with ${labels} output${labels === 1 ? '' : 's'} per answer gives no probabilities of labels`,
      hint: 'Fisher information is taken of classifiers with at least two labels',
    });
  }
  const answers = dimensions.slice(0, -1);
  const weights = builder.node('Unsqueeze', [
    builder.input(WEIGHTS_INPUT, 'float32', answers),
    builder.constant('int64', [-1]),
  ]);
  const of = builder.node('LogSoftmax', [logits], { axis: -1 });
  const share = (): Value => builder.node('Exp', [of]);
  const chosen = (indices: Value): Value =>
    builder.node('OneHot', [indices, builder.constant('int64', [labels]), builder.constant('float32', [0, 1])]);
  const counted = (shares: Value): { of: Value; seed: Value } => ({
    of,
    seed: builder.node('Mul', [shares, weights]),
  });
  switch (likelihood) {
    case 'hard':
      return counted(chosen(builder.node('ArgMax', [logits], { axis: -1, keepdims: 0 })));
    case 'soft':
      return counted(share());
    case 'empirical':
      return counted(chosen(builder.input(LABELS_INPUT, 'int64', answers)));
    case 'definition': {
      const root = builder.node('Sqrt', [share()]);
      return counted(builder.node('Mul', [root, chosen(builder.input(LABELS_INPUT, 'int64', answers))]));
    }
  }
}
