import type { BatchTensors, EncodeReply } from './protocol.ts';

/** A tokenised dataset. */
export interface EncodedDataset extends EncodeReply {
  /** Where the tokens of each example begin in `ids`. */
  tokenOffsets: Int32Array;
  /** Where the labels of each example begin in `positions`. */
  labelOffsets: Int32Array;
  /** Examples that did not fit. */
  cutExamples: number;
}

/** Joins what workers encoded, in the order of the parts. */
export function joinEncoded(parts: readonly EncodeReply[]): EncodedDataset {
  const join = (arrays: readonly Int32Array[]): Int32Array => {
    const joined = new Int32Array(arrays.reduce((sum, array) => sum + array.length, 0));
    let at = 0;
    for (const array of arrays) {
      joined.set(array, at);
      at += array.length;
    }
    return joined;
  };
  const lengths = join(parts.map((part) => part.lengths));
  const labelCounts = join(parts.map((part) => part.labelCounts));
  const cut = join(parts.map((part) => part.cut));
  const segments = parts.some((part) => part.typeIds !== undefined);
  return {
    lengths,
    ids: join(parts.map((part) => part.ids)),
    ...(segments ? { typeIds: join(parts.map((part) => part.typeIds ?? new Int32Array(part.ids.length))) } : {}),
    labelCounts,
    positions: join(parts.map((part) => part.positions)),
    cut,
    padId: parts[0]?.padId ?? 0,
    tokenOffsets: offsets(lengths),
    labelOffsets: offsets(labelCounts),
    cutExamples: cut.filter((tokens) => tokens > 0).length,
  };
}

/** The padded tensors of some examples. */
export function sliceBatch(encoded: EncodedDataset, indices: readonly number[]): BatchTensors {
  const lengths = Int32Array.from(indices, (index) => encoded.lengths[index] ?? 0);
  const length = lengths.reduce((longest, tokens) => Math.max(longest, tokens), 0);
  const ids = new Int32Array(indices.length * length).fill(encoded.padId);
  const typeIds = encoded.typeIds === undefined ? undefined : new Int32Array(indices.length * length);
  const labelCounts = Int32Array.from(indices, (index) => encoded.labelCounts[index] ?? 0);
  const positions = new Int32Array(labelCounts.reduce((sum, count) => sum + count, 0));
  let label = 0;
  for (const [row, index] of indices.entries()) {
    const start = encoded.tokenOffsets[index] ?? 0;
    const end = start + (lengths[row] ?? 0);
    ids.set(encoded.ids.subarray(start, end), row * length);
    if (encoded.typeIds !== undefined) typeIds?.set(encoded.typeIds.subarray(start, end), row * length);
    const firstLabel = encoded.labelOffsets[index] ?? 0;
    const count = labelCounts[row] ?? 0;
    positions.set(encoded.positions.subarray(firstLabel, firstLabel + count), label);
    label += count;
  }
  return {
    examples: indices.length,
    length,
    ids,
    lengths,
    ...(typeIds === undefined ? {} : { typeIds }),
    labelCounts,
    positions,
  };
}

/** 1 for each token of a padded batch, 0 for padding, row by row. */
export function attentionMask({ ids, lengths, length }: Pick<BatchTensors, 'ids' | 'lengths' | 'length'>): Int32Array {
  const mask = new Int32Array(ids.length);
  for (const [example, tokens] of lengths.entries()) mask.fill(1, example * length, example * length + tokens);
  return mask;
}

function offsets(counts: Int32Array): Int32Array {
  const starts = new Int32Array(counts.length);
  for (let index = 1; index < counts.length; index++) {
    starts[index] = (starts[index - 1] ?? 0) + (counts[index - 1] ?? 0);
  }
  return starts;
}
