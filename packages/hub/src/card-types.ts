import type { LicenceVerdict } from './licence-types.ts';
import type { Manifest } from './manifest.ts';

/** What a card is made of. */
export interface CardContent {
  /** Heading. */
  title: string;
  manifest: Manifest;
  method: CardMethod;
  licence: LicenceVerdict;
  /** The Hub's word for the task (`text-classification`). */
  pipelineTag?: string | undefined;
  /** Default `transformers`. */
  libraryName?: string | undefined;
  /** Languages of the inputs, as their cards say. */
  languages?: readonly string[] | undefined;
  /** Hub ids of the data that the inputs were trained on or the merge was scored on. */
  datasets?: readonly string[] | undefined;
  /** Tags beside `merge`, `hubfuse` and the method. */
  tags?: readonly string[] | undefined;
  scores?: CardScores | undefined;
  /** The condition for publishing and how it came out: `mean 0.8157 > best_parent 0.2475: met`. */
  gate?: { met: boolean; condition: string; explanation: string } | undefined;
  /** How the merge was found, where it was searched for. */
  search?: CardSearch | undefined;
  /** Address of the Hub that links lead to. Default `https://huggingface.co`. */
  hubUrl?: string | undefined;
  /** Hub id under which it is published, for the example of use. */
  repo?: string | undefined;
  /** Whether `onnx/model.onnx` is published, so that transformers.js loads it. */
  onnx?: boolean | undefined;
  /** For a merge into one model per task: the tasks' names. */
  tasks?: readonly string[] | undefined;
}

export interface CardMethod {
  /** Word of the recipe. */
  name: string;
  /** As a person writes it. */
  title: string;
  description?: string | undefined;
  /** Papers and code. */
  sources?: readonly string[] | undefined;
}

/** How a search found the merge. */
export interface CardSearch {
  /** What was searched and how: Markdown. */
  text: string;
  figures: readonly { name: string; value: string }[];
  /** Coefficients that were searched, as text. */
  coefficients?: readonly { name: string; start: string; value: string }[] | undefined;
}

/** Scores of the merge beside its parents. */
export interface CardScores {
  /** The Hub's word for the task. */
  task: string;
  /** `accuracy`, `f1`, ... */
  metric: string;
  /** `test` or `dev`: which split the figures are of. */
  split: string;
  datasets: readonly CardDataset[];
  /** The merge, parents, base, average, ensemble: in the order of the table. */
  rows: readonly CardScoreRow[];
  /** Processor and execution provider that computed them. */
  computedWith?: string | undefined;
}

export interface CardDataset {
  /** Name in the recipe: the column's heading. */
  name: string;
  /** Hub id of the dataset repository, or undefined for a local file. */
  repo?: string | undefined;
  /** Pinned commit of `repo`. */
  revision?: string | undefined;
  /** File in the repository, or the local path. */
  file?: string | undefined;
  /** In-domain datasets make the mean. Default true. */
  inDomain?: boolean | undefined;
  examples: number;
}

export interface CardScoreRow {
  name: string;
  role: 'merge' | 'model' | 'base' | 'reference';
  /** Fractions (0 to 1; Matthews -1 to 1) by dataset name. */
  values: Readonly<Record<string, number>>;
  /** Plain mean over the in-domain datasets. */
  mean: number;
  /** The merge's mean minus this one, with its paired 95 % interval. Fractions. */
  difference?: { value: number; low: number; high: number } | undefined;
}
