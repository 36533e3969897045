import type { Commit, CommittedFile } from '../storage/commit.ts';
import { lfsPointer, treeIds } from '../storage/git-objects.ts';
import type { Repository } from '../storage/repository.ts';

/** This Hub scans nothing, and says so in the form that clients read. */
const UNSCANNED = { status: 'unscanned', avScan: { status: 'unscanned' }, pickleImportScan: null } as const;

/** A file or folder as the Hub's API shows it. */
export interface TreeEntry {
  type: 'file' | 'directory';
  oid: string;
  size: number;
  path: string;
  lfs?: { oid: string; size: number; pointerSize: number };
  lastCommit?: { id: string; title: string; date: string };
  securityFileStatus?: typeof UNSCANNED;
}

export function fileEntry(file: CommittedFile): TreeEntry {
  return { type: 'file', oid: file.oid, size: file.size, path: file.path, ...lfsField(file) };
}

function lfsField(file: CommittedFile): Pick<TreeEntry, 'lfs'> {
  if (!file.lfs) return {};
  return { lfs: { oid: file.sha256, size: file.size, pointerSize: lfsPointer(file).length } };
}

/** Everything directly in a folder of a commit, or below it, sorted by path; undefined where there is no such folder. */
export function folderEntries(
  commit: Commit,
  { path, recursive }: { path: string; recursive: boolean },
): TreeEntry[] | undefined {
  const folders = treeIds(commit.files);
  if (path !== '' && !folders.has(path)) return undefined;
  const prefix = path === '' ? '' : `${path}/`;
  const inside = (candidate: string) =>
    candidate !== '' &&
    candidate.startsWith(prefix) &&
    candidate !== path &&
    (recursive || !candidate.slice(prefix.length).includes('/'));
  const entries: TreeEntry[] = commit.files.filter((file) => inside(file.path)).map(fileEntry);
  for (const [folder, oid] of folders) {
    if (inside(folder)) entries.push({ type: 'directory', oid, size: 0, path: folder });
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Entries of the paths that exist; others are left out. */
export function entriesOf(commit: Commit, paths: readonly string[]): TreeEntry[] {
  const files = new Map(commit.files.map((file) => [file.path, file]));
  const folders = treeIds(commit.files);
  const entries: TreeEntry[] = [];
  for (const path of paths) {
    const file = files.get(path);
    const folder = path === '' ? undefined : folders.get(path);
    if (file !== undefined) entries.push(fileEntry(file));
    else if (folder !== undefined) entries.push({ type: 'directory', oid: folder, size: 0, path });
  }
  return entries;
}

/** Adds what `expand=true` asks for: the commit that changed each entry last. */
export async function expandEntries(
  repository: Repository,
  commit: Commit,
  entries: readonly TreeEntry[],
): Promise<TreeEntry[]> {
  const expanded: TreeEntry[] = [];
  const commitOf = new Map(commit.files.map((file) => [file.path, file.commit]));
  for (const entry of entries) {
    const id = commitOf.get(entry.path);
    const last =
      id === undefined ? await newestInside(repository, commit, entry.path) : await repository.readCommit(id);
    expanded.push({
      ...entry,
      lastCommit: { id: last.id, title: last.title, date: last.date },
      ...(entry.type === 'file' ? { securityFileStatus: UNSCANNED } : {}),
    });
  }
  return expanded;
}

/** The last commit that changed something in a folder. */
async function newestInside(repository: Repository, commit: Commit, folder: string): Promise<Commit> {
  let newest: Commit | undefined;
  const ids = new Set(commit.files.filter((file) => file.path.startsWith(`${folder}/`)).map((file) => file.commit));
  for (const id of ids) {
    const candidate = await repository.readCommit(id);
    if (newest === undefined || candidate.count > newest.count) newest = candidate;
  }
  return newest ?? commit;
}
