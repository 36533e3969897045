import type { HubOptions } from '../options.ts';
import type { RepoType } from '../source.ts';

/** A repository whose discussions are meant. */
export interface DiscussionPlace {
  /** `namespace/name`. */
  repo: string;
  /** Default `model`. */
  type?: RepoType | undefined;
  options: HubOptions;
}

export type DiscussionStatus = 'open' | 'closed' | 'merged' | 'draft';

/** A discussion or pull request as a list shows it. */
export interface DiscussionSummary {
  number: number;
  title: string;
  /** Name of the account; absent where it was deleted. */
  author?: string;
  status: DiscussionStatus;
  isPullRequest: boolean;
  /** ISO 8601. */
  createdAt: string;
}

/** A comment. The first one of a discussion is its description. */
export interface DiscussionComment {
  id: string;
  /** Name of the account; absent where it was deleted. */
  author?: string;
  /** ISO 8601. */
  createdAt: string;
  /** Markdown; empty where the comment was hidden. */
  text: string;
  hidden: boolean;
}

/** A discussion or pull request with what was said. */
export interface Discussion extends DiscussionSummary {
  /** Page of the discussion. */
  url: string;
  comments: readonly DiscussionComment[];
  /** Of a pull request: the branch that it would change. */
  branch?: string;
  /** Of a merged pull request. */
  mergeCommit?: string;
}
