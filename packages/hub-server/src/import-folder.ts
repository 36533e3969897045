import type { RepoType } from './options.ts';

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
