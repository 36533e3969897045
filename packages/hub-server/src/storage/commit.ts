import { HubError } from '@hubfuse/plugin';
import { commitId, treeIds } from './git-objects.ts';

/** A file of a commit. */
export interface CommittedFile {
  path: string;
  /** git's id of the content, or of the pointer of a large file. */
  oid: string;
  /** Bytes of the content. */
  size: number;
  /** SHA-256 of the content, under which the blob store holds it. */
  sha256: string;
  /** Whether it lies in Large File Storage. */
  lfs: boolean;
  /** The commit that changed it last. */
  commit: string;
}

/** One immutable state of a repository, as it lies on the disk. */
export interface Commit {
  id: string;
  tree: string;
  parents: readonly string[];
  author: string;
  /** ISO 8601. */
  date: string;
  title: string;
  message: string;
  /** Commits up to and including this one along first parents. */
  count: number;
  /** Sorted by path. */
  files: readonly CommittedFile[];
}

/** One thing that a commit does. */
export type Change =
  | { kind: 'put'; path: string; oid: string; size: number; sha256: string; lfs: boolean }
  | { kind: 'delete'; path: string }
  | { kind: 'delete-folder'; path: string };

/** Texts and person of a commit. */
export interface CommitWords {
  title: string;
  message?: string;
  author: string;
  date: Date;
}

/** The commit that follows `parent` by `changes`. @throws HubError where a path cannot be. */
export function makeCommit({
  parent,
  changes,
  words,
}: {
  parent: Commit | undefined;
  changes: readonly Change[];
  words: CommitWords;
}): Commit {
  const files = new Map<string, Omit<CommittedFile, 'commit'> & { commit?: string }>();
  for (const file of parent?.files ?? []) files.set(file.path, file);
  for (const change of changes) {
    const path = checkPath(change.path);
    if (change.kind === 'delete') {
      if (!files.delete(path)) throw badCommit(`there is no file "${path}" to delete`);
    } else if (change.kind === 'delete-folder') {
      for (const known of files.keys()) if (known.startsWith(`${path}/`)) files.delete(known);
    } else {
      const { oid, size, sha256, lfs } = change;
      if (files.get(path)?.oid !== oid) files.set(path, { path, oid, size, sha256, lfs });
    }
  }
  const sorted = [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const trees = treeIds(sorted);
  for (const { path } of sorted) if (trees.has(path)) throw badCommit(`"${path}" would be a file and a folder`);
  const tree = trees.get('') ?? '';
  const parents = parent === undefined ? [] : [parent.id];
  const message = words.message ?? '';
  const id = commitId({ tree, parents, author: words.author, date: words.date, title: words.title, message });
  return {
    id,
    tree,
    parents,
    author: words.author,
    date: words.date.toISOString(),
    title: words.title,
    message,
    count: (parent?.count ?? 0) + 1,
    files: sorted.map((file) => ({ ...file, commit: file.commit ?? id })),
  };
}

/** The path itself where it may name a file of a repository. */
export function checkPath(path: string): string {
  const parts = path.split('/');
  const bad =
    path === '' ||
    path.length > 1024 ||
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    /[\u0000-\u001f\\]/.test(path) ||
    parts.some((part) => part === '' || part === '.' || part === '..' || part.toLowerCase() === '.git');
  if (bad) throw badCommit(`"${path}" is no path of a file in a repository`);
  return path;
}

function badCommit(message: string): HubError {
  return new HubError({ code: 'hub-server/bad-commit', message });
}
