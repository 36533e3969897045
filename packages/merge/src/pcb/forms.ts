/** The forms of PCB-Merging: four in the authors' code and the paper's. */
export type Form = 'reference' | 'vision-search' | 'vision' | 'language' | 'paper';

export type CodeForm = Exclude<Form, 'paper'>;

/** Share of magnitudes that each form of the code clamps at both ends. */
export const FORM_CLAMP: Readonly<Record<CodeForm, number>> = {
  reference: 0.0001,
  language: 0.01,
  'vision-search': 0.01,
  vision: 0.01,
};

/** Rank (from 0) of the threshold below which a share of 1 - ratio falls: `sorted[trunc(D (1 - r))]`. */
export function thresholdRank(length: number, ratio: number): number {
  return Math.min(length - 1, Math.trunc(length * (1 - ratio)));
}
