import { longestInput, sliceBatch } from '@hubfuse/evaluate';
import { attentionHeads, findTaps, graphOverFiles, type PaddingRule, type Tap, tapOutputs } from '@hubfuse/graphs';
import { triangleLength } from '../format/triangle.ts';
import type { Contribution, Measure, MeasuredEntry, MeasuredModel } from '../measure.ts';
import { batchFeeds } from './batch-feeds.ts';
import { composeRuns } from './compose-runs.ts';

/**
 * Tokens of a run, padding included. The products of a batch are float32 sums over its rows: a larger batch spares
 * additions in float64 and rounds more.
 */
const BATCH_TOKENS = 2048;

/** Values as wide as the widest input that a run holds at a time: the input, its rows, columns and their parts. */
const WIDE_VALUES = 8;
/** The same in an attention: queries, keys and values, in two orders each. */
const ATTENTION_VALUES = 3;
/** Scores that an attention holds at a time: products, biased ones and weights. */
const SCORES = 3;

const FLOAT32_BYTES = 4;

/** Second moments of the inputs of linear layers: the mean of x x^T over rows. The variant is the padding rule. */
export const gram: Measure = {
  kind: 'gram',
  variants: ['mask', 'include'],
  measure(model: MeasuredModel, { variant, maxLength }) {
    const { config, tensors, registry, folder } = model;
    const padding = variant as PaddingRule;
    const taps = findTaps({ config, tensors, registry });
    return {
      entries: taps.map(entryOf),
      runBytes: runBytes(model, taps, longestInput({ config, wanted: maxLength })),
      packedWeights: taps.reduce((sum, { parameters }) => sum + parameters, 0),
      // Two operations per weight, and two per product of the upper triangle.
      operationsPerToken: taps.reduce((sum, { width, parameters }) => sum + 2 * parameters + width * (width + 1), 0),
      graph: (layers) => graphOverFiles({ config, tensors, registry, folder, taps: { padding, layers } }),
    };
  },
  runs({ encoded }) {
    const composed = composeRuns(encoded.lengths, BATCH_TOKENS);
    return {
      length: composed.length,
      at(index) {
        const indices = composed[index] ?? [];
        return { feeds: batchFeeds(sliceBatch(encoded, indices)), examples: indices.length };
      },
    };
  },
};

/** The widest layer with its tap, or the attention, whichever holds more. */
function runBytes({ config, tensors, registry }: MeasuredModel, taps: readonly Tap[], longest: number): number {
  const heads = Math.max(0, ...attentionHeads({ config, tensors, registry }));
  const widest = Math.max(1, ...taps.map(({ width }) => width));
  const perToken = Math.max(WIDE_VALUES * widest, ATTENTION_VALUES * widest + SCORES * heads * longest);
  return FLOAT32_BYTES * Math.max(BATCH_TOKENS, longest) * perToken;
}

function entryOf(tap: Tap): MeasuredEntry {
  const { layer, aliases, width } = tap;
  const contributions: Contribution[] = [];
  let [rows, outputBytes] = ['', 0];
  for (const output of tapOutputs(tap)) {
    if (output.kind === 'rows') {
      rows = output.name;
      continue;
    }
    const { kind: _, name, ...place } = output;
    contributions.push({ rule: 'upper', output: name, width, ...place });
    outputBytes += FLOAT32_BYTES * place.rows * place.columns;
  }
  const elements = triangleLength(width);
  return { key: layer, aliases, shape: [elements], elements, outputBytes, contributions, rows };
}
