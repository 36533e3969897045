import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HubError } from '@hubfuse/plugin';
import type { RepoType } from '../options.ts';
import { createFile, hasCode, isMissing, readIfThere, replaceFile, syncFolder, temporaryName } from './atomic-file.ts';
import { BlobStore } from './blob-store.ts';
import type { Change, CommitWords } from './commit.ts';
import { Locks } from './locks.ts';
import { newSettings, Repository } from './repository.ts';

/** Where the state lies below the folder that is served. */
export const STATE_FOLDER = '.hub';

/** Version of the format on the disk. */
const FORMAT = '1';

const PARTS = ['blobs', 'temporary', 'uploads', 'repos'];

/** Temporary files of a process that was killed are removed when they are older than this. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/** Everything that the Hub keeps. Several may be open over one folder: they share nothing in memory but caches. */
export class HubStore {
  readonly folder: string;
  readonly blobs: BlobStore;
  /** Secret that signs upload addresses. */
  readonly secret: string;
  readonly #locks = new Locks();
  readonly #repositories = new Map<string, Repository>();

  private constructor(folder: string, secret: string) {
    this.folder = folder;
    this.secret = secret;
    this.blobs = new BlobStore({ folder: join(folder, 'blobs'), temporary: this.temporary });
  }

  /**
   * Opens the state below `root`, or begins an empty one.
   * @throws HubError `hub-server/format` where another version of hubfuse wrote it in another format.
   */
  static async open(root: string): Promise<HubStore> {
    const folder = join(root, STATE_FOLDER);
    try {
      for (const part of PARTS) await mkdir(join(folder, part), { recursive: true });
      await createFile(join(folder, 'format'), `${FORMAT}\n`);
    } catch (cause) {
      throw new HubError({
        code: 'hub-server/folder',
        where: root,
        message: `the Hub cannot keep its state here: ${cause instanceof Error ? cause.message : String(cause)}`,
        hint: 'serve a folder that can be written to',
        cause,
      });
    }
    const format = (await readIfThere(join(folder, 'format')))?.trim();
    if (format !== FORMAT) {
      throw new HubError({
        code: 'hub-server/format',
        where: folder,
        message: `the state has format "${format}", this hubfuse reads ${FORMAT}`,
        hint: 'serve it with the version of hubfuse that wrote it',
      });
    }
    await createFile(join(folder, 'secret'), randomBytes(32).toString('hex'));
    const store = new HubStore(folder, (await readIfThere(join(folder, 'secret'))) ?? '');
    await store.#removeAbandoned();
    return store;
  }

  /** Where unfinished things lie; whatever is there may vanish at the next start. */
  get temporary(): string {
    return join(this.folder, 'temporary');
  }

  /** The repository, or undefined where there is none. */
  async find(type: RepoType, id: string): Promise<Repository | undefined> {
    if (!isRepoId(id)) return undefined;
    const repository = this.#repository(type, id);
    if ((await repository.settings()) !== undefined) return repository;
    // Ids that anybody may ask for are not kept.
    this.#repositories.delete(repository.folder);
    return undefined;
  }

  /**
   * Makes a repository whose branch `main` holds one commit.
   * @returns undefined where there is one of that name.
   */
  async create(wanted: {
    type: RepoType;
    id: string;
    private: boolean;
    changes: readonly Change[];
    words: CommitWords;
  }): Promise<Repository | undefined> {
    const { type, id, changes, words } = wanted;
    const draft = new Repository({
      type,
      id,
      folder: temporaryName(this.temporary),
      blobs: this.blobs,
      locks: this.#locks,
    });
    await mkdir(draft.folder);
    try {
      for (const change of changes) {
        if (change.kind === 'put' && change.lfs) await draft.claimLargeFile(change.sha256);
      }
      const commit = await draft.addCommit({ parent: undefined, changes, words });
      await draft.refs.set({ kind: 'heads', name: 'main' }, commit.id);
      await draft.setSettings(newSettings({ createdAt: words.date, private: wanted.private }));
      // The whole repository appears at once, and only where its name is free.
      const repository = this.#repository(type, id);
      await mkdir(dirname(repository.folder), { recursive: true });
      await rename(draft.folder, repository.folder);
      await syncFolder(dirname(repository.folder));
      await syncFolder(dirname(dirname(repository.folder)));
      return repository;
    } catch (error) {
      if (hasCode(error, 'ENOTEMPTY') || hasCode(error, 'EEXIST')) return undefined;
      throw error;
    } finally {
      await rm(draft.folder, { recursive: true, force: true });
    }
  }

  /** All repositories of a type, by id. */
  async list(type: RepoType): Promise<Repository[]> {
    const found: Repository[] = [];
    for (const namespace of await names(join(this.folder, 'repos', `${type}s`))) {
      for (const name of await names(join(this.folder, 'repos', `${type}s`, namespace))) {
        const repository = await this.find(type, `${namespace}/${name}`);
        if (repository !== undefined) found.push(repository);
      }
    }
    return found;
  }

  /** Gives a repository another name; the old one leads to it from then on. @returns false where the name is taken. */
  async move(type: RepoType, { from, to }: { from: string; to: string }): Promise<boolean> {
    const source = this.#repository(type, from);
    const target = this.#repository(type, to);
    await mkdir(dirname(target.folder), { recursive: true });
    // The sign is written first: it does no harm while the repository is still at its old place.
    await replaceFile(this.#sign(type, from), `${to}\n`);
    try {
      await rename(source.folder, target.folder);
    } catch (error) {
      if (hasCode(error, 'ENOTEMPTY') || hasCode(error, 'EEXIST')) {
        await rm(this.#sign(type, from), { force: true });
        return false;
      }
      throw error;
    }
    await syncFolder(dirname(target.folder));
    await syncFolder(dirname(source.folder));
    this.#repositories.delete(source.folder);
    return true;
  }

  /** The present id of a repository that once had this one. */
  async movedTo(type: RepoType, id: string): Promise<string | undefined> {
    const seen = new Set<string>();
    let current = id;
    while (!seen.has(current)) {
      seen.add(current);
      const next = (await readIfThere(this.#sign(type, current)))?.trim();
      if (next === undefined) return undefined;
      if ((await this.find(type, next)) !== undefined) return next;
      current = next;
    }
    return undefined;
  }

  /** Removes a repository; contents that others may share stay in the blob store. */
  async delete(repository: Repository): Promise<void> {
    const grave = temporaryName(this.temporary);
    await rename(repository.folder, grave);
    await syncFolder(dirname(repository.folder));
    this.#repositories.delete(repository.folder);
    await rm(grave, { recursive: true, force: true });
  }

  #repository(type: RepoType, id: string): Repository {
    const folder = join(this.folder, 'repos', `${type}s`, ...id.split('/'));
    let repository = this.#repositories.get(folder);
    if (repository === undefined) {
      repository = new Repository({ type, id, folder, blobs: this.blobs, locks: this.#locks });
      this.#repositories.set(folder, repository);
    }
    return repository;
  }

  #sign(type: RepoType, id: string): string {
    return join(this.folder, 'moved', `${type}s`, ...id.split('/'));
  }

  async #removeAbandoned(): Promise<void> {
    for (const part of [this.temporary, join(this.folder, 'uploads')]) {
      for (const name of await readdir(part)) {
        const path = join(part, name);
        const age = Date.now() - (await stat(path)).mtimeMs;
        if (age > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true });
      }
    }
  }
}

/** First parts of addresses that are no namespaces. */
const RESERVED = ['api', 'models', 'datasets', 'spaces', 'buckets', 'kernels'];

/** Whether a string may be a repository id. */
export function isRepoId(id: string): boolean {
  const parts = id.split('/');
  return (
    parts.length === 2 &&
    !RESERVED.includes(parts[0] ?? '') &&
    parts.every((part) => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,95}$/.test(part) && !/--|\.\.|\.git$|[.-]$/.test(part))
  );
}

async function names(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
