import {
  type Block,
  defineMethod,
  type Group,
  type MethodProgram,
  type ParameterValues,
  type TrimmedRows,
} from '@hubfuse/plugin';
import { density, INT8_MASK, LAMBDA, modelWeight, option } from '../shared-parameters.ts';
import { floatSums } from '../statistics/float-sums.ts';
import { orderStatistics } from '../statistics/order-statistics.ts';
import { signMajority } from '../statistics/sign-majority.ts';
import { modelNumbers, storedRows, taskVectors, tensorNumber, tensorOption } from '../statistics/task-vectors.ts';

type Merge = 'mean' | 'sum' | 'max';

const densities = (group: Group): number[] => group.parameters.models.map((values) => values.density as number);

/** How many values mergekit keeps of each model's task vector of a tensor. */
function keptCounts(group: Group): number[] {
  return densities(group).map((density) => Math.floor(density * group.length));
}

/** mergekit's trimming: the floor(density n) largest magnitudes of a tensor; all of those equal to the smallest. */
function keptByCount(group: Group): number[][] {
  return keptCounts(group).map((kept) => (kept === 0 ? [] : [group.length - kept]));
}

/** The authors' trimming: |tau| >= the k-th smallest magnitude, k = D - trunc(D density), counted from one. */
function keptFromRank(group: Group): number[][] {
  return densities(group).map((density) => {
    const k = group.length - Math.trunc(group.length * density);
    return [Math.max(0, k - 1)];
  });
}

/** A row without threshold is zero throughout. */
function thresholdOf(thresholds: unknown, model: number): number {
  return (thresholds as number[][])[model]?.[0] ?? Number.POSITIVE_INFINITY;
}

/** What a block's models are trimmed by. */
function trimming(block: Block, thresholds: unknown): TrimmedRows {
  const { base, models } = storedRows(block);
  return {
    base,
    models,
    thresholds: models.map((_, i) => thresholdOf(thresholds, i)),
    weights: modelNumbers(block, 'weight'),
  };
}

/** Sums of each model: L1 norm before trimming, after it, and how many values stayed. */
const NORM_SUMS = 3;

/**
 * What each trimmed task vector is multiplied by to have the L1 norm that it had before. mergekit keeps no more values equal to
 * the threshold than it counts: those that stay beyond that number do not count here either.
 * @param sums of the norms; empty: nothing is rescaled
 */
function rescaling(
  { parameters, tensorLength }: Block,
  { thresholds }: TrimmedRows,
  sums: readonly number[],
): number[] {
  const kept = keptCounts({ length: tensorLength, models: thresholds.length, parameters });
  return kept.map((count, i) => {
    const [before = 0, stayed = 0, staying = 0] = sums.slice(NORM_SUMS * i, NORM_SUMS * (i + 1));
    const after = staying > count ? stayed - (staying - count) * (thresholds[i] as number) : stayed;
    return after > 0 ? before / after : 1;
  });
}

function program(parameters: ParameterValues, models: number): MethodProgram {
  const perTensor = parameters.scope === 'tensor';
  const thresholds = orderStatistics({
    name: 'trimming thresholds',
    absolute: true,
    taskVectors: true,
    ranks: perTensor ? keptByCount : keptFromRank,
  });
  const norms = floatSums({
    name: 'L1 norms before and after trimming',
    count: NORM_SUMS * models,
    wanted: ({ parameters }) => parameters.global.rescale === true,
    add(block, sums, [limits]) {
      const { kernels } = block;
      taskVectors(block).forEach((tau, i) => {
        const threshold = thresholdOf(limits, i);
        const before = kernels.absoluteSum(tau);
        const count = kernels.countAtLeast(tau, threshold);
        kernels.keepAtLeast(tau, tau, threshold);
        for (const [place, value] of [before, kernels.absoluteSum(tau), count].entries()) {
          const at = NORM_SUMS * i + place;
          sums[at] = (sums[at] as number) + value;
        }
      });
    },
  });
  const majority = signMajority({
    name: 'majority of the elected signs',
    count: (block, [limits]) => block.kernels.trimmedSigns(trimming(block, limits)),
  });
  return {
    scope: perTensor ? 'tensor' : 'model',
    sweeps: perTensor ? [thresholds, norms] : [thresholds, majority],
    write(block, [limits, second]) {
      const trimmed = trimming(block, limits);
      const scales = perTensor ? rescaling(block, trimmed, second as number[]) : trimmed.models.map(() => 1);
      // Trimmed values of 16-bit models often cancel exactly: then mergekit elects plus, the authors the majority.
      const zero = perTensor ? 1 : (second as 1 | 0 | -1);
      const lambda = tensorNumber(block, 'lambda');
      const mean = tensorOption(block, 'normalize') ? 'mean' : 'sum';
      const merge = perTensor ? mean : (parameters.merge as Merge);
      block.kernels.electTrimmed(block.out, { ...trimmed, scales }, { merge, zero, lambda });
    },
  };
}

export default defineMethod({
  name: 'ties',
  title: 'TIES-Merging',
  description: 'Trims each task vector, elects a sign for every parameter, merges what agrees.',
  formula: `
1. Trim: $\\hat\\tau_i$ keeps the \`density\` share of $\\tau_i = \\theta_i - \\theta_0$ that is largest in magnitude; the rest is zero.
2. Elect: $\\gamma = \\operatorname{sign}\\big(\\sum_i w_i \\hat\\tau_i\\big)$.
3. Merge: over $A = \\{i : \\operatorname{sign}(w_i \\hat\\tau_i) = \\gamma\\}$, $\\tau = \\sum_{i \\in A} w_i \\hat\\tau_i \\big/ \\sum_{i \\in A} w_i$ (\`mean\`),
   or the sum, or the largest in magnitude.
4. $\\theta = \\theta_0 + \\lambda \\tau$

\`scope: tensor\` trims every tensor by itself to its $\\lfloor \\text{density} \\cdot n \\rfloor$ largest entries and divides with \`normalize\`, as
mergekit does. \`scope: model\` trims over the whole model as the authors do: entries of at least the
$(D - \\lfloor D \\cdot \\text{density} \\rfloor)$-th smallest magnitude stay. Entries equal to the threshold are all kept.
Where the trimmed values cancel exactly, \`scope: tensor\` elects plus, \`scope: model\` the sign that was elected most often.`,
  sources: [
    'TIES-Merging, arXiv 2306.01708',
    'pcb-merging/nlp_source_code/utils/merge_utils.py:145-165, 333-396, 451-494',
  ],
  base: 'required',
  models: { minimum: 1 },
  parameters: {
    scope: {
      type: 'choice',
      level: 'global',
      perTensor: 'never',
      choices: ['tensor', 'model'],
      default: 'tensor',
      description: "Trim each tensor by itself (mergekit's rule) or the whole model at once (the paper's).",
    },
    density: density({ perTensor: 'tensor', description: 'Share of the task vector that is kept.' }),
    weight: modelWeight("Weight of a model's trimmed task vector, applied before the election."),
    lambda: LAMBDA,
    merge: {
      type: 'choice',
      level: 'global',
      perTensor: 'never',
      choices: ['mean', 'sum', 'max'],
      default: 'mean',
      onlyWith: { scope: 'model' },
      description: 'How the values that agree become one.',
    },
    normalize: option({
      default: true,
      onlyWith: { scope: 'tensor' },
      description: 'Divide by the sum of the weights that agree.',
    }),
    rescale: option({
      default: false,
      onlyWith: { scope: 'tensor' },
      description: 'Scale a trimmed task vector to the L1 norm that it had before.',
    }),
    int8_mask: INT8_MASK,
  },
  program: ({ parameters, models }) => program(parameters, models),
});
