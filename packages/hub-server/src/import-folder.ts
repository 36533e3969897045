import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HubError } from '@hubfuse/plugin';
import type { RepoType } from './options.ts';
import type { Change } from './storage/commit.ts';
import { HubStore, isRepoId } from './storage/hub-store.ts';
import { GIT_ATTRIBUTES } from './storage/lfs-rule.ts';
import type { Repository } from './storage/repository.ts';
import { putContent, putLocalFile } from './storage/stored-files.ts';

/** What becomes a commit, and where. */
export interface ImportFolderOptions {
  /** The Hub's folder, as `HubServerOptions.folder`. */
  root: string;
  /** Repository id, `namespace/name`. It is created where it does not exist. */
  repo: string;
  /** Default: `model`. */
  type?: RepoType;
  /** The folder whose files become the content of the branch; files and folders whose names begin with a dot stay out. */
  folder: string;
  /** Branch that gets the commit. Default: `main`. */
  branch?: string;
  /** Title of the commit. */
  message?: string;
  /** Author of the commit. Default: the namespace. */
  author?: string;
  /** Date of the commit; the same content, history and dates give the same commit ids. Default: now. */
  date?: Date;
  /** Whether a repository that is created is private. Default: false. */
  private?: boolean;
}

/** What an import made. */
export interface ImportedFolder {
  repo: string;
  type: RepoType;
  /** Id of the branch's commit, 40 hexadecimal digits. */
  commit: string;
  /** False where the branch had this content already. */
  changed: boolean;
}

/**
 * Makes a local folder the content of a repository's branch, in one commit and without HTTP. Files are copied, sharing
 * their blocks where the file system can, so that later edits of the folder do not reach the repository.
 * @throws HubError where the folder or the id is not usable.
 */
export async function importFolder(options: ImportFolderOptions): Promise<ImportedFolder> {
  return importInto(await HubStore.open(options.root), options);
}

/** As `importFolder`, into a state that is open. */
export async function importInto(store: HubStore, options: Omit<ImportFolderOptions, 'root'>): Promise<ImportedFolder> {
  const { repo, folder, type = 'model', branch = 'main' } = options;
  if (!isRepoId(repo)) {
    throw new HubError({
      code: 'hub-server/bad-id',
      message: `"${repo}" is no id of a repository`,
      hint: 'write namespace/name in letters, digits, "-", "_" and "."',
    });
  }
  const paths = await listFiles(folder);
  if (paths.length === 0) {
    throw new HubError({ code: 'hub-server/nothing-to-import', where: folder, message: 'there is no file to import' });
  }
  const date = options.date ?? new Date();
  const author = options.author ?? repo.slice(0, repo.indexOf('/'));
  const repository = await findOrCreate({ store, type, id: repo, private: options.private ?? false, author, date });
  const puts: Extract<Change, { kind: 'put' }>[] = [];
  for (const path of paths) puts.push(await putLocalFile(store.blobs, { path, source: join(folder, path) }));
  return repository.exclusively(async () => {
    for (const put of puts) if (put.lfs) await repository.claimLargeFile(put.sha256);
    const ref = { kind: 'heads', name: branch } as const;
    const head = (await repository.refs.get(ref)) ?? (await repository.refs.get({ kind: 'heads', name: 'main' }));
    const parent = head === undefined ? undefined : await repository.readCommit(head);
    const changes = difference({ wanted: puts, present: parent?.files ?? [] });
    if (changes.length === 0 && head !== undefined && (await repository.refs.get(ref)) === head) {
      return { repo, type, commit: head, changed: false };
    }
    const words = { title: options.message ?? 'Import a folder', author, date };
    const commit = await repository.addCommit({ parent, changes, words });
    await repository.refs.set(ref, commit.id);
    return { repo, type, commit: commit.id, changed: true };
  });
}

async function findOrCreate({
  store,
  type,
  id,
  author,
  date,
  ...rest
}: {
  store: HubStore;
  type: RepoType;
  id: string;
  private: boolean;
  author: string;
  date: Date;
}): Promise<Repository> {
  const present = await store.find(type, id);
  if (present !== undefined) return present;
  const attributes = await putContent(store.blobs, {
    path: '.gitattributes',
    content: Buffer.from(GIT_ATTRIBUTES),
  });
  const words = { title: 'initial commit', author, date };
  const made = await store.create({ type, id, private: rest.private, changes: [attributes], words });
  const repository = made ?? (await store.find(type, id));
  if (repository !== undefined) return repository;
  throw new HubError({ code: 'hub-server/not-created', message: `the repository ${id} vanished while it was created` });
}

/** What turns the present files into the wanted ones; files with a dot in front are none of an import's business. */
function difference({
  wanted,
  present,
}: {
  wanted: readonly Extract<Change, { kind: 'put' }>[];
  present: readonly { path: string; oid: string }[];
}): Change[] {
  const oids = new Map(present.map(({ path, oid }) => [path, oid]));
  const paths = new Set(wanted.map(({ path }) => path));
  const gone = present.filter(({ path }) => !paths.has(path) && !path.split('/').some((part) => part.startsWith('.')));
  return [
    ...wanted.filter(({ path, oid }) => oids.get(path) !== oid),
    ...gone.map(({ path }) => ({ kind: 'delete', path }) as const),
  ];
}

/** Paths of all files below a folder, sorted, with forward slashes. Links to files and folders are followed. */
async function listFiles(folder: string, prefix = ''): Promise<string[]> {
  const found: string[] = [];
  for (const name of (await readdir(join(folder, prefix))).sort()) {
    if (name.startsWith('.')) continue;
    const path = prefix === '' ? name : `${prefix}/${name}`;
    const kind = await kindOf(join(folder, path));
    if (kind.isDirectory()) found.push(...(await listFiles(folder, path)));
    else if (kind.isFile()) found.push(path);
  }
  return found;
}

async function kindOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (cause) {
    throw new HubError({
      code: 'hub-server/unreadable',
      where: path,
      message: `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'a link may lead nowhere or in a circle: remove it',
      cause,
    });
  }
}
