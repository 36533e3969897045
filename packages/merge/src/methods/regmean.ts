import { defineMethod } from '@hubfuse/plugin';
import { regressionMean } from '../regmean/regression-mean.ts';
import { modelWeight } from '../shared-parameters.ts';
import { weightedMean } from '../statistics/weighted-mean.ts';

export default defineMethod({
  name: 'regmean',
  title: 'RegMean',
  description:
    'Finds for every linear layer the weight whose outputs are closest to those of all models on their own data.',
  formula: `
For a linear layer $y = xW$ with the second moments $G_i = \\mathbb{E}[x^\\top x]$ of its inputs on model $i$'s data:

$$W = \\Big(\\sum_i c_i \\tilde G_i\\Big)^{-1} \\sum_i c_i \\tilde G_i W_i, \\qquad
\\tilde G_i = \\alpha\\, G_i + (1-\\alpha) \\operatorname{diag}(G_i)$$

$c_i$ is the model's \`weight\`; $G_i$ is the mean per token (\`gram: mean\`) or the sum (\`gram: sum\`: the mean times the tokens that were read, so
that a model with more data counts more). $\\alpha = 1$ is the plain least squares problem, $\\alpha = 0$ a mean of every input's weights
weighted by its second moment. Biases, embeddings and everything else are averaged with the same weights, and so is a layer that
\`exclude\` names. Where label sets differ but overlap, each label's row is averaged over the models that know the label.

All arithmetic is float64. An input that no model's data ever used gets the average of its weights. Where the equations have no
unique solution, $\\alpha$ is lowered by $10^{-10}$, then ten times that and so on until they have: equal models still give
themselves. What was done, and the residual, is in the run's log for every layer.`,
  sources: [
    'Dataless Knowledge Fusion by Merging Weights of Language Models, arXiv 2212.09849',
    'dataless-model-merging/src/model_merge/avg_merger.py:95-195, local_trainer.py:283-342',
  ],
  base: 'unused',
  models: { minimum: 1 },
  excluded: 'average',
  differingHeads: 'labels',
  parameters: {
    weight: {
      ...modelWeight("Weight of a model's second moments, and of its other tensors in their mean."),
      minimum: 0,
      nonZeroSum: true,
    },
    alpha: {
      type: 'number',
      level: 'global',
      perTensor: 'always',
      default: 0.9,
      minimum: 0,
      maximum: 1,
      description: 'Factor of the off-diagonal second moments.',
    },
    gram: {
      type: 'choice',
      level: 'global',
      perTensor: 'never',
      choices: ['mean', 'sum'],
      default: 'mean',
      description: 'Second moments per token, or summed over the tokens that were read.',
    },
    padding: {
      type: 'choice',
      level: 'global',
      perTensor: 'never',
      choices: ['mask', 'include'],
      default: 'mask',
      description: 'Which statistics are read: without padding tokens, or with them as the authors gathered them.',
    },
    exclude: {
      type: 'names',
      level: 'global',
      perTensor: 'never',
      default: [],
      description:
        'Parts of names of layers that are averaged like everything else. `^` stands for the beginning of a name.',
    },
  },
  statistics: ({ parameters }) => ({ kind: 'gram', variant: parameters.padding as string }),
  program: ({ parameters }) => ({
    scope: 'tensor',
    sweeps: [],
    linear: regressionMean({ gram: parameters.gram as 'mean' | 'sum' }),
    write: weightedMean,
  }),
});
