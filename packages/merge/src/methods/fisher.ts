import { type Block, defineMethod, type MethodProgram, type ParameterValues } from '@hubfuse/plugin';
import { fisherMean } from '../fisher/fisher-mean.ts';
import { modelWeight } from '../shared-parameters.ts';
import { floatSums } from '../statistics/float-sums.ts';
import { modelNumbers } from '../statistics/task-vectors.ts';
import { weightedMean } from '../statistics/weighted-mean.ts';

/** Added to a norm before dividing by it, as the authors do. */
const NORM_SMOOTHING = 1e-10;

function program(parameters: ParameterValues, models: number): MethodProgram {
  const normalized = parameters.normalize !== 'none';
  const smoothing = parameters.smoothing as number;
  return {
    scope: parameters.normalize === 'model' ? 'model' : 'tensor',
    sweeps: normalized ? [floatSums({ name: 'norms', count: models, add: addSquares })] : [],
    write(block, results) {
      if (block.statistics.length === 0) {
        weightedMean(block);
        return;
      }
      const weights = modelNumbers(block, 'weight');
      const squares = normalized ? (results[0] as number[]) : undefined;
      const coefficients = weights.map((weight, i) => {
        const square = squares?.[block.measured[i] as number];
        return square === undefined ? weight : weight / (Math.sqrt(square) + NORM_SMOOTHING);
      });
      fisherMean(block, { coefficients, smoothing });
    },
  };
}

/** Adds the squares of each model's Fisher information. */
function addSquares(block: Block, sums: Float64Array): void {
  for (const [i, information] of block.statistics.entries()) {
    let sum = 0;
    for (let k = 0; k < block.length; k++) {
      const value = information[k] as number;
      sum += value * value;
    }
    const model = block.measured[i] as number;
    sums[model] = (sums[model] as number) + sum;
  }
}

/** Statistics of single examples have a name of their own; the definition knows no others. */
function variantOf({ variant, per }: ParameterValues): string {
  return per === 'example' && variant !== 'definition' ? `${variant}-example` : String(variant);
}

export default defineMethod({
  name: 'fisher',
  title: 'Fisher-weighted averaging',
  description: "Averages every parameter with the models' Fisher information as weights.",
  formula: `
$$\\theta = \\frac{\\sum_i c_i\\,(F_i + \\epsilon)\\,\\theta_i}{\\sum_i c_i\\,(F_i + \\epsilon)}$$

element by element, with each model's \`weight\` $c_i$ and \`smoothing\` $\\epsilon$: where no model has information, the result is the weighted mean.
$F_i$ is the diagonal of model $i$'s Fisher information, measured on its own data:

- \`definition\`: $F = \\frac1n \\sum_x \\sum_y p(y|x) \\left(\\partial \\log p(y|x)\\right)^2$, one backward pass per example and label.
- \`hard\`: the label that the model answers in place of the expectation; \`empirical\`: the label that the data give. As the authors do it
  (\`per: batch\`), the square is taken of the gradient of the mean over a batch of 16 examples, which is smaller than the mean of the
  squares of single examples (\`per: example\`). A batch is 16 consecutive examples, fewer where they have more than 2,048 tokens. For token classification an example is a labelled word.
- \`soft\`: the authors' $\\sum_y p_y \\log p_y$ with $p_y$ held constant. Its gradient is zero but for rounding, so the result is the weighted mean.

\`normalize\` divides $c_i$ by the norm of $F_i$, over each tensor (\`param\`) or over all (\`model\`). All arithmetic is float64, rounded once.
Tensors without statistics, and those that \`exclude\` names, are averaged with the same weights.`,
  sources: [
    'Merging Models with Fisher-Weighted Averaging, arXiv 2111.09832',
    'dataless-model-merging/src/model_merge/avg_merger.py:207-262, local_trainer.py:348-420',
  ],
  base: 'unused',
  models: { minimum: 1 },
  excluded: 'average',
  parameters: {
    weight: { ...modelWeight("Weight of a model's information."), minimum: 0, nonZeroSum: true },
    variant: {
      type: 'choice',
      level: 'global',
      perTensor: 'never',
      choices: ['hard', 'soft', 'empirical', 'definition'],
      default: 'hard',
      description: 'Which labels the gradients are of.',
    },
    per: {
      type: 'choice',
      level: 'global',
      perTensor: 'never',
      choices: ['batch', 'example'],
      default: 'batch',
      description: 'What the gradients that are squared are of. `definition` is always of single examples.',
    },
    normalize: {
      type: 'choice',
      level: 'global',
      perTensor: 'never',
      choices: ['none', 'param', 'model'],
      default: 'none',
      description: "Divide a model's weight by the norm of its information.",
    },
    smoothing: {
      type: 'number',
      level: 'global',
      perTensor: 'never',
      default: 1e-10,
      minimum: 0,
      exclusiveMinimum: true,
      description: 'Added to the information.',
    },
    exclude: {
      type: 'names',
      level: 'global',
      perTensor: 'never',
      default: [],
      description:
        'Parts of names of tensors that are averaged with the weights alone. `^` stands for the beginning of a name.',
    },
  },
  statistics: ({ parameters }) => ({ kind: 'fisher', variant: variantOf(parameters) }),
  warnings: ({ parameters }) =>
    parameters.variant === 'soft'
      ? ['variant soft: its Fisher information is zero but for rounding, so the result is the weighted mean']
      : [],
  program: ({ parameters, models }) => program(parameters, models),
});
