/** What a run was started by. `command`: a person at the command line, who executes it as well. */
export type RunTrigger = 'command' | 'http' | 'webhook' | 'schedule' | 'comment' | 'retry';

/** A run whose publication led to this one. */
export interface RunAncestor {
  run: string;
  /** Name of the stored recipe that it was of. */
  recipe?: string;
  /** Repository that it published to, and the commit. */
  repo: string;
  sha: string;
}

/** Who asked for a run, and why: stands on the run, in its manifest and in its card. Plain data without a secret. */
export interface RunOrigin {
  trigger: RunTrigger;
  /** Id of the key that asked; never the key. */
  key?: string;
  /** Hub account of whoever asked by a comment. */
  account?: string;
  /** The stored recipe, and the version of it that holds for this run. */
  recipe?: { name: string; etag: string };
  /** The push that led to it. */
  cause?: { type: 'model' | 'dataset'; repo: string; ref: string; sha: string };
  /** The publications that led to it, the earliest first. Empty where a person asked. */
  ancestry: readonly RunAncestor[];
}

/** The origin of a run that says nothing of it. */
export const COMMAND_ORIGIN: RunOrigin = { trigger: 'command', ancestry: [] };
