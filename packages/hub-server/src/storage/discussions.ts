import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, readIfThere, replaceFile } from './atomic-file.ts';

/** Something that happened in a discussion, as the Hub's API shows it. */
export interface DiscussionEvent {
  id: string;
  type: 'comment' | 'commit' | 'status-change' | 'title-change';
  author: string;
  /** ISO 8601. */
  createdAt: string;
  data: Readonly<Record<string, unknown>>;
}

/** `data` of a comment. */
export interface CommentData {
  /** Its text now. */
  raw: string;
  /** Whether its text is withheld, for good. */
  hidden?: boolean;
  hiddenBy?: string;
  /** ISO 8601. */
  editedAt?: string;
  editedBy?: string;
  /** Earlier texts, oldest first. */
  history?: readonly { raw: string; updatedAt: string; author: string }[];
}

/** A discussion or pull request. */
export interface Discussion {
  number: number;
  title: string;
  author: string;
  /** ISO 8601. */
  createdAt: string;
  status: 'open' | 'closed' | 'merged' | 'draft';
  isPullRequest: boolean;
  /** Of pull requests: the branch that it would change and the commit it began at. */
  base?: { branch: string; commit: string };
  /** Of merged pull requests. */
  mergeCommit?: string;
  events: readonly DiscussionEvent[];
}

/** One file per discussion, replaced as a whole. */
export class Discussions {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async get(number: number): Promise<Discussion | undefined> {
    const text = await readIfThere(this.#path(number));
    return text === undefined ? undefined : (JSON.parse(text) as Discussion);
  }

  async set(discussion: Discussion): Promise<void> {
    await replaceFile(this.#path(discussion.number), JSON.stringify(discussion, undefined, 1));
  }

  /** Newest first, as the Hub lists them. */
  async list(): Promise<Discussion[]> {
    const all: Discussion[] = [];
    for (const number of await this.numbers()) {
      const discussion = await this.get(number);
      if (discussion !== undefined) all.push(discussion);
    }
    return all.reverse();
  }

  /** Ascending. */
  async numbers(): Promise<number[]> {
    try {
      const names = await readdir(this.#folder);
      return names
        .map((name) => Number(/^(\d+)\.json$/.exec(name)?.[1]))
        .filter((number) => Number.isInteger(number))
        .sort((a, b) => a - b);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  #path(number: number): string {
    return join(this.#folder, `${number}.json`);
  }
}
