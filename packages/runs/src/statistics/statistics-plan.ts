import type { StatisticRequest } from '@hubfuse/plugin';
import type { PinnedSource } from '../run-plan.ts';

/** What a plan says about the statistics of one model. Plain data. */
export interface PlannedModelStatistics {
  request: StatisticRequest;
  /** What the model is called. */
  model: string;
  /** Identity of its weights. */
  modelSha256: string;
  /** They exist and are read from there. */
  found?: FoundStatistics;
  /** They are gathered before the merge. */
  gather?: PlannedGathering;
  /** They are gathered anew whenever evolution has changed the model: what one time takes. */
  refresh?: PlannedGathering;
}

/** A statistics file of a repository or a folder. */
export interface FoundStatistics extends PinnedSource {
  type: 'model' | 'dataset';
  /** The file inside the source. */
  file: string;
  /** Bytes. */
  size: number;
  /** SHA-256, where its Hub states it. */
  sha256?: string;
}

export interface PlannedGathering {
  data: PinnedCalibration;
  task: string;
  /** Runs of the model over all examples within the memory that was allowed for. */
  passes: number;
  /** Bytes of the largest pass. */
  memoryBytes: number;
  /** Bytes of the file, and of the disk while it is written. */
  fileBytes: number;
  diskBytes: number;
  /** Rough estimates, from the examples that are selected, or from the size of a file that is not here yet. */
  tokens: number;
  seconds: number;
  /** The recipe selects examples of a file that is not here yet: tokens and seconds are those of all that it may select. */
  isUpperBound?: true;
}

/** A file of examples whose content cannot change unseen. */
export interface PinnedCalibration {
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
  /** Bytes. */
  size: number;
}
