import type { Recipe } from '@hubfuse/recipe';
import type { PhaseName } from './phase.ts';

/** A repository or folder whose content cannot change unseen. */
export interface PinnedSource {
  /** As the recipe writes it. */
  reference: string;
  /** Hub id or folder: what messages and cards call it. */
  name: string;
  kind: 'hub' | 'folder';
  /** Commit of a Hub repository, 40 hexadecimal digits. */
  revision?: string;
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
  /** File in the repository, or absolute path. */
  path: string;
  /** SHA-256 of a local file. */
  sha256?: string;
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
  warnings: readonly { code: string; message: string; where?: string }[];
}
