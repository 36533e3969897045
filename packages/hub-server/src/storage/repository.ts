import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { HubError } from '@hubfuse/plugin';
import type { RepoType } from '../options.ts';
import { createFile, readIfThere, replaceFile } from './atomic-file.ts';
import { type BlobStore, isSha256 } from './blob-store.ts';
import { type Change, type Commit, type CommitWords, makeCommit } from './commit.ts';
import { type Discussion, Discussions } from './discussions.ts';
import type { Locks } from './locks.ts';
import { type Ref, Refs } from './refs.ts';

/** What is known of a repository beside its content. */
export interface RepoSettings {
  /** 24 hexadecimal digits that stay when the repository is renamed. */
  key: string;
  /** ISO 8601. */
  createdAt: string;
  private: boolean;
  /** Whether reading files needs a grant. */
  gated: false | 'auto' | 'manual';
  /** Whether the Hub withholds it from everybody. */
  disabled: boolean;
  /** Users whom a gated repository lets read. */
  granted: readonly string[];
}

export function newSettings(settings: { createdAt: Date; private: boolean }): RepoSettings {
  return {
    key: randomBytes(12).toString('hex'),
    createdAt: settings.createdAt.toISOString(),
    private: settings.private,
    gated: false,
    disabled: false,
    granted: [],
  };
}

/** Commits are immutable, so that a few of them can be kept in memory. */
const MAX_CACHED_COMMITS = 16;

/** One repository: settings, refs, commits, discussions, each in files below its folder. */
export class Repository {
  readonly type: RepoType;
  readonly id: string;
  readonly folder: string;
  readonly blobs: BlobStore;
  readonly refs: Refs;
  readonly discussions: Discussions;
  readonly #locks: Locks;
  readonly #cache = new Map<string, Commit>();

  constructor(parts: { type: RepoType; id: string; folder: string; blobs: BlobStore; locks: Locks }) {
    this.type = parts.type;
    this.id = parts.id;
    this.folder = parts.folder;
    this.blobs = parts.blobs;
    this.#locks = parts.locks;
    this.refs = new Refs(join(parts.folder, 'refs'));
    this.discussions = new Discussions(join(parts.folder, 'discussions'));
  }

  get namespace(): string {
    return this.id.slice(0, this.id.indexOf('/'));
  }

  /** The settings, or undefined where there is no such repository. */
  async settings(): Promise<RepoSettings | undefined> {
    const text = await readIfThere(join(this.folder, 'repo.json'));
    return text === undefined ? undefined : (JSON.parse(text) as RepoSettings);
  }

  async setSettings(settings: RepoSettings): Promise<void> {
    await replaceFile(join(this.folder, 'repo.json'), JSON.stringify(settings, undefined, 1));
  }

  /**
   * Runs a task that changes this repository; no other such task runs meanwhile.
   * @throws HubError `hub-server/gone` where the repository was deleted or renamed since it was found: a late write would
   * leave a folder that is no repository under the name.
   */
  exclusively<T>(task: () => Promise<T>): Promise<T> {
    return this.#locks.run(this.folder, async () => {
      if ((await this.settings()) !== undefined) return task();
      throw new HubError({ code: 'hub-server/gone', message: `the repository ${this.id} is gone` });
    });
  }

  /** The commit that a branch, tag, full ref name or commit id stands for. */
  async resolve(revision: string): Promise<string | undefined> {
    const found = await this.refs.find(revision);
    if (found !== undefined) return found.commit;
    if (!/^[0-9a-f]{40}$/.test(revision)) return undefined;
    return (await this.findCommit(revision)) === undefined ? undefined : revision;
  }

  async findCommit(id: string): Promise<Commit | undefined> {
    const cached = this.#cache.get(id);
    if (cached !== undefined) return cached;
    const text = await readIfThere(join(this.folder, 'commits', `${id}.json`));
    if (text === undefined) return undefined;
    const commit = JSON.parse(text) as Commit;
    this.#cache.set(id, commit);
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= MAX_CACHED_COMMITS) break;
      this.#cache.delete(oldest);
    }
    return commit;
  }

  /** @throws HubError where the commit is not there, which means that the folder was damaged from outside. */
  async readCommit(id: string): Promise<Commit> {
    const commit = await this.findCommit(id);
    if (commit !== undefined) return commit;
    throw new HubError({
      code: 'hub-server/damaged',
      message: `the commit ${id} is not there`,
      where: this.id,
      hint: 'restore the folder from a backup, or delete the repository',
    });
  }

  /** Writes a commit after `parent`; nothing points to it yet. */
  async addCommit(next: {
    parent: Commit | undefined;
    changes: readonly Change[];
    words: CommitWords;
  }): Promise<Commit> {
    const commit = makeCommit(next);
    await createFile(join(this.folder, 'commits', `${commit.id}.json`), JSON.stringify(commit));
    return commit;
  }

  /** Commits from `start` backwards along first parents. */
  async history(start: string, { skip, limit }: { skip: number; limit: number }): Promise<Commit[]> {
    const commits: Commit[] = [];
    let next: string | undefined = start;
    for (let i = 0; next !== undefined && commits.length < limit; i++) {
      const commit: Commit = await this.readCommit(next);
      if (i >= skip) commits.push(commit);
      next = commit.parents[0];
    }
    return commits;
  }

  /** Notes that a large file was uploaded to this repository: only then may its commits name it. */
  async claimLargeFile(sha256: string): Promise<void> {
    await createFile(join(this.folder, 'lfs', sha256), '');
  }

  async hasLargeFile(sha256: string): Promise<boolean> {
    return isSha256(sha256) && (await readIfThere(join(this.folder, 'lfs', sha256))) !== undefined;
  }

  /** The number that the next discussion or pull request gets. */
  async nextNumber(): Promise<number> {
    const discussions = await this.discussions.numbers();
    const pulls = (await this.refs.list('pr')).map(({ name }) => Number(name));
    return Math.max(0, ...discussions, ...pulls) + 1;
  }

  /** The open pull request behind a ref, or undefined where the ref is none. */
  async pullRequest(ref: Ref): Promise<Discussion | undefined> {
    return ref.kind === 'pr' ? this.discussions.get(Number(ref.name)) : undefined;
  }
}
