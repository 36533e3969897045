import type { Device, RecipePlace } from '@hubfuse/plugin';
import type { Gate } from './gate.ts';
import type { ComputeSection } from './read-compute.ts';
import type { DatasetReference, ModelReference } from './reference.ts';
import type { RunLimits } from './run-limits.ts';
import type { EvolveSection, SearchSection } from './search-section.ts';
import type { Settings } from './setting.ts';

/** Precision of the merged file. Arithmetic is float32 or wider whatever it says. */
export type OutputDType = 'float32' | 'float16' | 'bfloat16';

/** A model that takes part in the merge. */
export interface ModelEntry {
  /** The reference as the recipe writes it: what messages call the model. */
  text: string;
  reference: ModelReference;
  /** Values that hold for this model before those of the top level. */
  parameters: Settings;
  /** Examples to gather the model's statistics on, where they are missing and a method needs them. */
  calibration?: Calibration | undefined;
  /** The model's statistics; absent: those that its repository brings along. */
  statistics?: StatisticsFile | undefined;
  /** Where the reference stands in the recipe (`models[1].model`, `models[1]` for a bare string, `base_model`). */
  path: string;
  /** Where the entry stands: parameters are at `<entry>.parameters.<name>`. */
  entry: string;
}

/** A part of a dataset: one file, on this machine or in a dataset repository. */
export type DataFile =
  | { kind: 'local' /** Relative to the working directory, or absolute. */; path: string }
  | { kind: 'hub'; repo: string; revision?: string | undefined; path: string };

/** Examples that statistics of a model are gathered on, best a slice of what it was trained on. */
export interface Calibration {
  data: DataFile;
  /** Name of a task; absent: that of `evaluate`, else the one of the model's class. */
  task?: string | undefined;
  /** Names of the columns by role, only those that the recipe gives. */
  columns: Readonly<Record<string, string>>;
  /** Name of the reader of the file; absent: by its ending. */
  format?: string | undefined;
  /** Which rows, as in `DatasetEntry`. */
  split?: string | undefined;
  /** At most so many examples. Absent: all. */
  limit?: number | undefined;
  /** Seed of the sample that `limit` takes; absent: the first examples. */
  seed?: number | undefined;
  /** Tokens at which a text is cut; absent: what the tokenizer says. */
  maxLength?: number | undefined;
  /** Where it stands: `models[0].calibration`, or `calibration`. */
  path: string;
}

/** A statistics file, on this machine or in a repository. */
export type StatisticsFile = {
  /** As the recipe writes it, the model's name filled in. */
  reference: string;
  /** Where it stands in the recipe. */
  place: string;
} & (
  | { kind: 'local' /** Relative to the working directory, or absolute. */; path: string }
  | { kind: 'hub'; type: 'model' | 'dataset'; repo: string; revision?: string | undefined; path: string }
);

/** A dataset that models are scored on. */
export interface DatasetEntry {
  /** What the gate, the tables and the card call it. */
  name: string;
  /** The repository or folder that the files come from, where the recipe names one. */
  from?: DatasetReference | undefined;
  /** Examples for choices and the gate. */
  dev?: DataFile | undefined;
  /** Examples for the report. */
  test?: DataFile | undefined;
  /** Slice of training data for statistics. */
  calib?: DataFile | undefined;
  /** Names of the columns by role (`text`, `label`, `tokens`, `tags`), only those that the recipe gives. */
  columns: Readonly<Record<string, string>>;
  /** Datasets that are `out` of the domain are reported and stay out of `mean`. Default `in`. */
  domain: 'in' | 'out';
  /** Name of the head to score with, where heads are kept apart. */
  head?: string | undefined;
  /** Name of the reader of its files; absent: by the file name's ending (`format`). */
  format?: string | undefined;
  /** Which rows of the files, as the Hub's datasets library writes it: `validation`, `[:500]`, `test[:10%]`. */
  split?: string | undefined;
  /** At most so many examples. Absent: all. */
  limit?: number | undefined;
  /** Seed of the sample that `limit` takes; absent: the first examples. */
  seed?: number | undefined;
  /** Where the entry stands: `evaluate.datasets[0]`. */
  path: string;
}

/** The `evaluate:` block. */
export interface EvaluateSection {
  /** Name of a task: `text-classification`, `token-classification`. */
  task: string;
  /** Name of a metric; absent: the task's own. */
  metric?: string | undefined;
  datasets: readonly DatasetEntry[];
  /** Tokens per batch, padding included (`batch_tokens`); absent: the evaluator chooses. */
  batchTokens?: number | undefined;
  /** Tokens at which a text is cut (`max_length`); absent: what the tokenizer says. */
  maxLength?: number | undefined;
  /** At most so many examples of each dataset. */
  limit?: number | undefined;
  /** Keep the result of every example (`keep_examples`). Default false. */
  keepExamples: boolean;
  /** Where scores are computed; absent: where whoever executes the run does. */
  device?: Device | undefined;
}

/** The `publish.hub:` block. */
export interface HubTarget {
  /** `namespace/name` */
  repo: string;
  /** `commit` puts it on the branch, `pull_request` opens one. Default `commit`. */
  as: 'commit' | 'pull_request';
  /** A repository that has to be created is private. Default false. */
  private: boolean;
  /** Default `main`. */
  branch: string;
}

/** The `publish:` block. */
export interface PublishSection {
  hub?: HubTarget | undefined;
  /** Targets of registered publishers other than the built-in ones, by name, as the recipe writes them. */
  others: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Publish only if it is met (`if:`). Absent: always. */
  gate?: Gate | undefined;
}

/** The `trigger:` block: what makes a stored recipe run by itself. Other runs do not read it. */
export interface TriggerSection {
  /**
   * Branches and tags of a model or of a dataset that scores it, whose changes start a run. A reference that names a
   * revision watches that one instead. Default `main`; none: changes start nothing.
   */
  refs: readonly string[];
  /** Pull requests of these repositories start a run too, which publishes nothing (`pull_requests`). Default false. */
  pullRequests: boolean;
  /** A cron expression of five fields, or a nickname such as `@daily`; in UTC. */
  schedule?: string | undefined;
}

/** Something that is allowed and yet not what it seems; for the plan. */
export interface RecipeWarning extends RecipePlace {
  message: string;
}

/** Line and column, counted from 1. */
export type Position = readonly [line: number, column: number];

/** The text of a recipe and where its settings stand, for messages of later phases. */
export interface RecipeSource {
  file?: string | undefined;
  text: string;
  /** Position of each setting by its path; absent where the text was generated. */
  positions?: Readonly<Record<string, Position>> | undefined;
}

/** What the user asks for, checked and normalised. Plain data: survives JSON. */
export interface Recipe {
  name?: string | undefined;
  /** Name of a registered merge method. */
  method: string;
  /**
   * The base of the task vectors. For a method without use for a base it is one of `models`, named as the donor of
   * config and tokenizer.
   */
  base?: ModelEntry | undefined;
  /**
   * The models to merge, in the order of the recipe. The base is among them only for methods without use for a base;
   * listed with a task-vector method it is no fine-tune and stands in `base` alone.
   */
  models: readonly ModelEntry[];
  /** Top-level values; those of a model come first. */
  parameters: Settings;
  /** `dtype` as mergekit knows it: the output's precision where `outDtype` is absent. */
  dtype?: OutputDType | undefined;
  outDtype?: OutputDType | undefined;
  /** Default 0. */
  seed: number;
  /** Overrides the rule for heads. */
  heads?: 'merge' | 'keep' | undefined;
  evaluate?: EvaluateSection | undefined;
  /** The models evolve before they are merged; always there for a method that is nothing else. */
  evolve?: EvolveSection | undefined;
  /** Coefficients of the method are searched; never beside `evolve`. */
  search?: SearchSection | undefined;
  publish?: PublishSection | undefined;
  /** When the recipe runs by itself, once it is stored with a service. Absent: as an empty block. */
  trigger?: TriggerSection | undefined;
  /** What a run may spend. */
  limits?: RunLimits | undefined;
  /** How a run is carried out. */
  compute?: ComputeSection | undefined;
  warnings: readonly RecipeWarning[];
  source: RecipeSource;
}
