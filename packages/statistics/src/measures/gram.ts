import { sliceBatch } from '@hubfuse/evaluate';
import { findTaps, graphOverFiles, type PaddingRule, type Tap, tapOutputs } from '@hubfuse/graphs';
import { triangleLength } from '../format/triangle.ts';
import type { Contribution, Measure, MeasuredEntry, MeasuredModel } from '../measure.ts';
import { batchFeeds } from './batch-feeds.ts';
import { composeRuns } from './compose-runs.ts';

/**
 * Tokens of a run, padding included. The products of a batch are float32 sums over its rows: a larger batch spares
 * additions in float64 and rounds more.
 */
const BATCH_TOKENS = 2048;

/** Values as wide as the widest input that a run holds at a time: the input, its slices and the attention's scores. */
const WIDE_VALUES = 8;

const FLOAT32_BYTES = 4;

/** Second moments of the inputs of linear layers: the mean of x x^T over rows. The variant is the padding rule. */
export const gram: Measure = {
  kind: 'gram',
  variants: ['mask', 'include'],
  measure(model: MeasuredModel, variant: string) {
    const { config, tensors, registry, folder } = model;
    const padding = variant as PaddingRule;
    const taps = findTaps({ config, tensors, registry });
    return {
      entries: taps.map(entryOf),
      runBytes: FLOAT32_BYTES * BATCH_TOKENS * WIDE_VALUES * Math.max(1, ...taps.map(({ width }) => width)),
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
