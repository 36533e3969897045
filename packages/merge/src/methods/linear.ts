import { defineMethod } from '@hubfuse/plugin';
import { modelWeight, option } from '../shared-parameters.ts';
import { modelNumbers, storedRows, tensorOption } from '../statistics/task-vectors.ts';

export default defineMethod({
  name: 'linear',
  title: 'Linear (weighted average)',
  description: 'The weighted mean of the models, or their weighted sum.',
  formula: `
$$\\theta = \\frac{\\sum_i w_i\\,\\theta_i}{\\sum_i w_i}$$

With \`normalize: false\` the division is left out.`,
  sources: ['Model soups, arXiv 2203.05482', 'dataless-model-merging/src/model_merge/avg_merger.py:80-92'],
  base: 'unused',
  models: { minimum: 1 },
  parameters: {
    weight: { ...modelWeight('Weight of a model in the mean.'), nonZeroSumWith: 'normalize' },
    normalize: option({ default: true, description: 'Divide by the sum of the weights.' }),
  },
  program: () => ({
    scope: 'tensor',
    sweeps: [],
    write(block) {
      const weights = modelNumbers(block, 'weight');
      const divisor = tensorOption(block, 'normalize') ? weights.reduce((sum, weight) => sum + weight, 0) : 1;
      block.kernels.weightedSum(
        block.out,
        storedRows(block).models,
        weights.map((weight) => weight / divisor),
      );
    },
  }),
});
