import type { Manifest } from './manifest.ts';
import type { HubOptions } from './options.ts';

/** What to publish where. */
export interface PublishRequest {
  /** `namespace/name`; created where it does not exist. */
  repo: string;
  /** Folder that holds `files`. */
  folder: string;
  /** Paths below `folder`, with forward slashes. Default: every output of the manifest, and `README.md` where it is. */
  files?: readonly string[] | undefined;
  /** Default `commit`. */
  as?: 'commit' | 'pull_request' | undefined;
  /** Branch to commit on or to ask to be pulled into. Default `main`. */
  branch?: string | undefined;
  /** First line of the commit, or the pull request's title. */
  title: string;
  description?: string | undefined;
  /** Visibility of a repository that is created. Default: what the namespace's owner has set. */
  private?: boolean | undefined;
  /** Written as `hubfuse.json`. Its digest says whether the same content is published already. */
  manifest: Manifest;
  /**
   * Names this attempt across restarts (the run's id). What was published under it before is recognised even where
   * something newer has replaced it since.
   */
  attempt?: string | undefined;
  /**
   * Names this publication where it was written down before (`PublishContext.intent`). It goes into the pull request's
   * description: of pull requests that carry it the oldest counts, and those that were made beside it are closed.
   */
  intent?: string | undefined;
  /** Upload through Xet (deduplicating, slow in JavaScript) instead of LFS. Default false. */
  xet?: boolean | undefined;
  options: HubOptions;
}

export interface PublishResult {
  /** Address of the model page or of the pull request. */
  url: string;
  /** The commit, 40 hexadecimal digits. */
  revision: string;
  /** How it was published: a branch that is not ours, or whose card was edited, turns a commit into a pull request. */
  as: 'commit' | 'pull_request';
  /** Number of the pull request. */
  pullRequest?: number;
  /** Whether the repository was created by this call. */
  created: boolean;
  /** True where an earlier attempt had published the same content. */
  already: boolean;
}
