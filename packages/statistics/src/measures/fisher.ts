import { labelNames, longestInput, sliceBatch } from '@hubfuse/evaluate';
import {
  attentionHeads,
  type DifferentiableTensor,
  findDifferentiable,
  type GradientOutput,
  type GraphTensor,
  gradientOutput,
  graphOverFiles,
  LABELS_INPUT,
  type Likelihood,
  operatorRules,
  readsLabels,
  WEIGHTS_INPUT,
} from '@hubfuse/graphs';
import type { Contribution, Measure, MeasuredEntry, MeasuringData, RunFeeds, RunSequence } from '../measure.ts';
import { type Answers, answersOf, givenLabels } from './answers.ts';
import { batchFeeds } from './batch-feeds.ts';

/** Examples of a batch whose gradient is squared, as in the authors' runs. */
const BATCH_EXAMPLES = 16;
/** Most tokens of such a batch, padding included: it closes earlier where its examples are long. */
const BATCH_TOKENS = 2048;

const FLOAT32_BYTES = 4;
/** Values as wide as the widest one that the way back holds at a time, beside those that it finds. */
const WIDE_VALUES = 8;
/** Products read a weight in its order on the way there, and in the other one on the way back. */
const ORDERS = 2;
/** Products with a weight: forward, back to the input, and to the weight itself. */
const PRODUCTS = 3;

/** Ending of the variants whose gradients are of single examples. */
const EXAMPLE = '-example';

/**
 * The diagonal of the Fisher information: means of squared gradients of the log-likelihood. The variant says whose
 * likelihood, and whether the gradient of a batch's mean is squared or that of each answer: each example, or each labelled
 * word of one.
 */
export const fisher: Measure = {
  kind: 'fisher',
  variants: ['hard', 'soft', 'empirical', 'hard-example', 'soft-example', 'empirical-example', 'definition'],
  measure({ name, config, tensors, registry, folder }, { variant, maxLength }) {
    const { likelihood, single } = readVariant(variant);
    const found = findDifferentiable({ config, tensors, registry });
    const matrices = found.filter(({ tensor, lookedUp }) => tensor.shape.length === 2 && !lookedUp);
    const sides = matrices.map(({ tensor: { shape } }) => [shape[0] ?? 0, shape[1] ?? 0] as const);
    const longest = longestInput({ config, wanted: maxLength });
    const tokens = single ? longest : Math.max(BATCH_TOKENS, longest);
    const heads = attentionHeads({ config, tensors, registry }).reduce((sum, count) => sum + count, 0);
    // The way back finds what goes into and comes out of every layer, and the weights of every attention.
    const perToken = sides.reduce((sum, [rows, columns]) => sum + rows + columns, heads * longest);
    const widest = Math.max(1, ...sides.flat());
    const weights = sides.reduce((sum, [rows, columns]) => sum + rows * columns, 0);
    const passes = likelihood === 'definition' ? labelNames(config, name).length : 1;
    return {
      entries: found.map((tensor) => entryOf(tensor, tokens)),
      runBytes: FLOAT32_BYTES * tokens * (perToken + WIDE_VALUES * widest),
      packedWeights: ORDERS * weights,
      operationsPerToken: 2 * PRODUCTS * weights * passes,
      graph: async (names) => {
        const gradients = { likelihood, tensors: names, rules: await operatorRules() };
        return graphOverFiles({ config, tensors, registry, folder, gradients });
      },
    };
  },
  runs(data, variant) {
    const { likelihood, single } = readVariant(variant);
    const answers = answersOf(data);
    if (likelihood === 'definition') return runsOfLabels(data, answers);
    const given = readsLabels(likelihood) ? givenLabels(data) : undefined;
    return single ? runsOfAnswers(data, { answers, given }) : runsOfBatches(data, { answers, given });
  },
};

function readVariant(variant: string): { likelihood: Likelihood; single: boolean } {
  const likelihood = (variant.endsWith(EXAMPLE) ? variant.slice(0, -EXAMPLE.length) : variant) as Likelihood;
  return { likelihood, single: variant.endsWith(EXAMPLE) || likelihood === 'definition' };
}

/** @param tokens most tokens of a run */
function entryOf(found: DifferentiableTensor, tokens: number): MeasuredEntry {
  const { name, tensor, lookedUp } = found;
  const elements = tensor.shape.reduce((product, size) => product * size, 1);
  const width = tensor.shape[1] ?? 1;
  return {
    key: name,
    aliases: [],
    shape: tensor.shape,
    elements,
    outputBytes: FLOAT32_BYTES * (lookedUp ? width * tokens : elements),
    contributions: [contributionOf(gradientOutput(found), width)],
  };
}

function contributionOf(output: GradientOutput, width: number): Contribution {
  return output.kind === 'dense'
    ? { rule: 'squares', output: output.values }
    : { rule: 'row-squares', output: output.rows, indices: output.indices, width };
}

interface AskedAnswers {
  answers: Answers;
  /** Label of each answer, where the likelihood reads them. */
  given: Int32Array | undefined;
}

/** Batches of consecutive examples: the gradient of the mean over a batch's answers is squared. */
function runsOfBatches(data: MeasuringData, asked: AskedAnswers): RunSequence {
  const { offsets } = asked.answers;
  const batches = consecutiveBatches(data.encoded.lengths).filter(
    ({ first, end }) => (offsets[end] ?? 0) > (offsets[first] ?? 0),
  );
  return {
    length: batches.length,
    at(index) {
      const { first = 0, end = 0 } = batches[index] ?? {};
      const answers = range(offsets[first] ?? 0, offsets[end] ?? 0);
      return run(data, { ...asked, examples: range(first, end), chosen: answers, weight: 1 / answers.length });
    },
  };
}

/** One run for each answer. */
function runsOfAnswers(data: MeasuringData, asked: AskedAnswers): RunSequence {
  const { examples, offsets } = asked.answers;
  return {
    length: examples.length,
    at(answer) {
      const example = examples[answer] ?? 0;
      const chosen = run(data, { ...asked, examples: [example], chosen: [answer], weight: 1 });
      return { ...chosen, examples: answer === offsets[example] ? 1 : 0 };
    },
  };
}

/** One run for each answer and label, which count as one row together. */
function runsOfLabels(data: MeasuringData, answers: Answers): RunSequence {
  const count = data.labels.length;
  const runs = runsOfAnswers(data, { answers, given: undefined });
  return {
    length: runs.length * count,
    at(index) {
      const [answer, label] = [Math.floor(index / count), index % count];
      const { feeds, examples } = runs.at(answer);
      const weights = feeds[WEIGHTS_INPUT] as GraphTensor;
      const labels = new BigInt64Array(weights.data.length).fill(BigInt(label));
      return {
        feeds: { ...feeds, [LABELS_INPUT]: { data: labels, dimensions: weights.dimensions } },
        examples: label === 0 ? examples : 0,
        rows: label === 0 ? 1 : 0,
      };
    },
  };
}

/** The feeds of some examples, with a weight for the chosen ones of their answers. */
function run(
  { encoded, task }: MeasuringData,
  options: AskedAnswers & { examples: readonly number[]; chosen: readonly number[]; weight: number },
): RunFeeds {
  const { answers, given, examples, chosen, weight } = options;
  const batch = sliceBatch(encoded, examples);
  const dimensions = task.logits === 'sequence' ? [batch.examples] : [batch.examples, batch.length];
  const size = dimensions.reduce((product, length) => product * length, 1);
  const weights = new Float32Array(size);
  const labels = new BigInt64Array(size);
  for (const answer of chosen) {
    const row = examples.indexOf(answers.examples[answer] ?? -1);
    const place = task.logits === 'sequence' ? row : row * batch.length + (answers.positions[answer] ?? 0);
    weights[place] = weight;
    labels[place] = BigInt(given?.[answer] ?? 0);
  }
  return {
    feeds: {
      ...batchFeeds(batch),
      [WEIGHTS_INPUT]: { data: weights, dimensions },
      [LABELS_INPUT]: { data: labels, dimensions },
    },
    examples: examples.length,
  };
}

/** Examples in their order, `BATCH_EXAMPLES` at a time, fewer where they would have more than `BATCH_TOKENS` tokens. */
function consecutiveBatches(lengths: Int32Array): { first: number; end: number }[] {
  const batches: { first: number; end: number }[] = [];
  let [first, longest] = [0, 0];
  for (const [example, length] of lengths.entries()) {
    const wider = Math.max(longest, length);
    const count = example - first;
    if (count > 0 && (count === BATCH_EXAMPLES || (count + 1) * wider > BATCH_TOKENS)) {
      batches.push({ first, end: example });
      [first, longest] = [example, length];
    } else longest = wider;
  }
  if (first < lengths.length) batches.push({ first, end: lengths.length });
  return batches;
}

function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}
