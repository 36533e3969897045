import type { LicenceVerdict } from '@hubfuse/hub';
import type { MergePlan } from '@hubfuse/merge';
import type { Recipe } from '@hubfuse/recipe';
import type { CostEstimate } from './cost/estimate-cost.ts';
import type { TimeEstimate } from './cost/estimate-time.ts';
import type { PhaseName } from './phase.ts';
import type { SearchSize } from './search/search-size.ts';
import type { PlannedModelStatistics } from './statistics/statistics-plan.ts';

/** A repository or folder whose content cannot change unseen. */
export interface PinnedSource {
  /** As the recipe writes it. */
  reference: string;
  /** Hub id or folder: what messages and cards call it. */
  name: string;
  kind: 'hub' | 'folder';
  /** Commit of a Hub repository, 40 hexadecimal digits. */
  revision?: string;
  /** The branch or tag that `revision` was when the plan was made. Absent: a commit was asked for. */
  requestedRevision?: string;
  /** Absolute path of a folder. */
  path?: string;
}

/** A model of the plan. */
export interface PinnedModel extends PinnedSource {
  /** `published`: what the target of the publication holds now. */
  role: 'base' | 'model' | 'published';
  /** Files and sizes in bytes; of a folder also the time of the last change, by which a later change is seen. */
  files: readonly { path: string; size: number; sha256?: string; changedAt?: number }[];
}

/** A file of examples. */
export interface PinnedData {
  /** Name of the dataset in the recipe. */
  dataset: string;
  split: 'dev' | 'test';
  kind: 'hub' | 'local';
  /** Hub id of the dataset repository. */
  repo?: string;
  revision?: string;
  /** The branch or tag that `revision` was when the plan was made. Absent: a commit was asked for. */
  requestedRevision?: string;
  /** File in the repository, or absolute path. */
  path: string;
  /** SHA-256 of a local file. */
  sha256?: string;
  /** Bytes of the file. Absent in plans of an older version. */
  size?: number;
}

/** What will be done, decided before anything is downloaded. A resumed run keeps it. Plain data. */
export interface RunPlan {
  /** The recipe in effect, command line included. */
  recipe: Recipe;
  /** Phases that follow `resolve`. */
  phases: readonly PhaseName[];
  /** The base first where there is one, then the models in the recipe's order, then what the target holds. */
  models: readonly PinnedModel[];
  data: readonly PinnedData[];
  /** The fate of every tensor. */
  merge: MergePlan;
  /** The statistics of each model, in the order of the recipe, for a method that reads some. */
  statistics?: readonly PlannedModelStatistics[];
  /** The plain average of the models, where the gate reads its score. */
  average?: MergePlan;
  /** The most that the search does, where the recipe has one. */
  search?: SearchSize;
  licence: LicenceVerdict;
  /** What the inputs' cards say and the merge's card repeats. */
  card: {
    pipelineTag?: string;
    libraryName?: string;
    languages: readonly string[];
    datasets: readonly string[];
  };
  /** Upper bounds of what goes onto the disk: `download` into the cache, `output` beside the final folder. */
  bytes: { download: number; output: number };
  /** Time and cost on the machine that it is meant for, once that is known. */
  time?: TimeEstimate;
  cost?: CostEstimate;
  warnings: readonly PlanWarning[];
}

/** Something allowed that a person should know before the run. */
export interface PlanWarning {
  code: string;
  message: string;
  /** Place in the recipe. */
  where?: string;
}
