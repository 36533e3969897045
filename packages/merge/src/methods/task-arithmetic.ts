import { defineMethod } from '@hubfuse/plugin';
import { density, INT8_MASK, LAMBDA, modelWeight, option } from '../shared-parameters.ts';
import { modelNumbers, storedRows, tensorNumber, tensorOption } from '../statistics/task-vectors.ts';

/** Sums of weights smaller than this are not divided by, as mergekit does. */
const LEAST_DIVISOR = 1e-8;

export default defineMethod({
  name: 'task_arithmetic',
  title: 'Task arithmetic',
  description: 'Adds the weighted sum of the task vectors to the base.',
  formula: `
$$\\theta = \\theta_0 + \\lambda \\sum_i w_i\\,(\\theta_i - \\theta_0)$$

With \`normalize: true\` the sum is divided by $\\sum_i w_i$. The task vectors are summed, not averaged: $\\lambda = 1/N$
with weights of 1 is the plain mean.`,
  sources: [
    'Editing models with task arithmetic, arXiv 2212.04089',
    'pcb-merging/nlp_source_code/utils/merge_utils.py:428-432',
  ],
  base: 'required',
  models: { minimum: 1 },
  parameters: {
    weight: modelWeight("Weight of a model's task vector."),
    density: density({
      perTensor: 'always',
      description: "Accepted for mergekit's sake; nothing is trimmed.",
    }),
    lambda: LAMBDA,
    normalize: option({ default: false, description: 'Divide by the sum of the weights.' }),
    rescale: option({
      default: false,
      description: "Accepted for mergekit's sake; without trimming there is nothing to rescale.",
    }),
    int8_mask: INT8_MASK,
  },
  program: () => ({
    scope: 'tensor',
    sweeps: [],
    write(block) {
      const weights = modelNumbers(block, 'weight');
      const sum = weights.reduce((total, weight) => total + weight, 0);
      const divisor = tensorOption(block, 'normalize') && Math.abs(sum) >= LEAST_DIVISOR ? sum : 1;
      const scale = tensorNumber(block, 'lambda') / divisor;
      block.kernels.addTaskVectors(
        block.out,
        storedRows(block),
        weights.map((weight) => weight * scale),
      );
    },
  }),
});
