import type { PlannedDataset } from '../scoring.ts';

/**
 * How probable a wrong answer to each example is: one minus the softmax of the right label, for an example of several labels
 * that of its hardest one, averaged over the models. What all get wrong is 1, what they dispute lies between.
 * @param models One scored plan of the same dataset for each model, logits kept.
 */
export function difficultyOf(models: readonly PlannedDataset[]): Float64Array {
  const [first] = models;
  const difficulty = new Float64Array(first?.dataset.examples.length ?? 0);
  for (const planned of models) {
    for (const index of difficulty.keys()) difficulty[index] = (difficulty[index] ?? 0) + hardest(planned, index);
  }
  return difficulty.map((sum) => sum / models.length);
}

function hardest(planned: PlannedDataset, index: number): number {
  const { names } = planned;
  const logits = planned.logits[index];
  const answers = planned.answers[index];
  const labels = planned.dataset.examples[index]?.labels ?? [];
  let worst = 0;
  for (const [nth, label] of labels.entries()) {
    const right = names.indexOf(planned.labels.nameOf.get(label) ?? String(label));
    // Where no token answers, the answer is the same for every model.
    if (logits === undefined || answers?.[nth] === -1) continue;
    const row = logits.subarray(nth * names.length, (nth + 1) * names.length);
    worst = Math.max(worst, right === -1 ? 1 : 1 - probability(row, right));
  }
  return worst;
}

function probability(logits: Float32Array, label: number): number {
  const top = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const total = logits.reduce((sum, value) => sum + Math.exp(value - top), 0);
  return Math.exp((logits[label] ?? 0) - top) / total;
}
