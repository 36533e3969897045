import type { Prediction } from '@hubfuse/plugin';
import type { ExampleResult } from '../scores.ts';

/** What one model said on one dataset, small enough to be kept for every model that was scored. Plain data. */
export interface Answers {
  /** Words that the numbers below stand for. */
  labels: readonly string[];
  /** Of each example the position of a label, or those of its words. */
  predictions: readonly PackedPrediction[];
  references: readonly PackedPrediction[];
}

export type PackedPrediction = number | readonly number[];

/** Packs what a model said about every example of a dataset. */
export function packAnswers(examples: readonly ExampleResult[]): Answers {
  const positions = new Map<string, number>();
  const position = (label: string): number => {
    const known = positions.get(label) ?? positions.size;
    positions.set(label, known);
    return known;
  };
  const pack = (prediction: Prediction): PackedPrediction =>
    typeof prediction === 'string' ? position(prediction) : prediction.map(position);
  const predictions = examples.map(({ prediction }) => pack(prediction));
  const references = examples.map(({ reference }) => pack(reference));
  return { labels: [...positions.keys()], predictions, references };
}

/** The answers as metrics read them. */
export function unpackAnswers({ labels, predictions, references }: Answers): {
  predictions: Prediction[];
  references: Prediction[];
} {
  const word = (position: number): string => labels[position] ?? '';
  const unpack = (packed: PackedPrediction): Prediction =>
    typeof packed === 'number' ? word(packed) : packed.map(word);
  return { predictions: predictions.map(unpack), references: references.map(unpack) };
}
