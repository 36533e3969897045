import type { Prediction } from '@hubfuse/plugin';
import type { PlannedDataset } from '../scoring.ts';
import type { LabelledLogits } from './calibrate.ts';

/** Answers that are drawn of an example with several labels: all their combinations would be too many. */
const DRAWS = 32;
/** An answer less probable than this is left out: thousands of labels cost time, and change no order. */
const LEAST_PROBABILITY = 1e-9;

/** What a model may answer to an example, each with its probability. */
export interface PossibleAnswer {
  answer: Prediction;
  probability: number;
}

/**
 * The answers that a model may give to an example that it was scored on: of one label every one, of several labels some that
 * are drawn, each label for itself. An example without logits has the answer that was given.
 * @param options.given the model's answer
 * @param options.factor what logits are multiplied by before their softmax (`calibrate`)
 * @param options.random uniform 32-bit words
 */
export function possibleAnswers(
  planned: PlannedDataset,
  options: { index: number; given: Prediction; factor: number; random: () => number },
): PossibleAnswer[] {
  const { index, given, factor, random } = options;
  const logits = planned.logits[index];
  if (logits === undefined) return [{ answer: given, probability: 1 }];
  const { names } = planned;
  const rowOf = (nth: number): Float64Array => softmax(logitsOf(planned, { logits, nth }), factor);
  if (typeof given === 'string') {
    const likely: PossibleAnswer[] = [];
    for (const [place, probability] of rowOf(0).entries()) {
      const answer = names[place];
      if (answer !== undefined && probability >= LEAST_PROBABILITY) likely.push({ answer, probability });
    }
    return likely;
  }
  const positions = planned.answers[index];
  // Where no token answers, the answer is the same for every model.
  const rows = given.map((_, nth) => (positions?.[nth] === -1 ? undefined : rowOf(nth)));
  const draw = (): string[] =>
    rows.map((row, nth) => (row === undefined ? undefined : names[drawn(row, random())]) ?? given[nth] ?? '');
  return Array.from({ length: DRAWS }, () => ({ answer: draw(), probability: 1 / DRAWS }));
}

/** The logits of every label of an example that a token answers, beside the place of the right one. */
export function labelledLogits(planned: PlannedDataset, index: number): LabelledLogits[] {
  const logits = planned.logits[index];
  const positions = planned.answers[index];
  if (logits === undefined) return [];
  const labels = planned.dataset.examples[index]?.labels ?? [];
  return labels.flatMap((label, nth) => {
    const right = planned.names.indexOf(planned.labels.nameOf.get(label) ?? String(label));
    // What the model has no name for it gets wrong, however sure it is.
    return right === -1 || positions?.[nth] === -1 ? [] : [{ logits: logitsOf(planned, { logits, nth }), right }];
  });
}

function logitsOf({ names }: PlannedDataset, { logits, nth }: { logits: Float32Array; nth: number }): Float32Array {
  return logits.subarray(nth * names.length, (nth + 1) * names.length);
}

function softmax(logits: Float32Array, factor: number): Float64Array {
  const top = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const powers = Float64Array.from(logits, (value) => Math.exp(factor * (value - top)));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** The place that a uniform 32-bit word falls to. */
function drawn(probabilities: Float64Array, word: number): number {
  let left = word / 2 ** 32;
  for (const [place, probability] of probabilities.entries()) {
    left -= probability;
    if (left < 0) return place;
  }
  return probabilities.length - 1;
}
