/** One file of a model or dataset repository, as its Hub or a folder lists it. */
export interface ModelFile {
  /** Path inside the repository, with forward slashes. */
  path: string;
  /** Bytes. */
  size: number;
  /** SHA-256 in hexadecimal where the Hub states it (large files). */
  sha256?: string;
  /** Git's name of the file's contents (SHA-1 of the blob) where the Hub states it: what checks small files. */
  oid?: string;
}

/**
 * A model whose revision is pinned: the seam between where files come from (Hub, cache, folder) and what reads them.
 */
export interface ModelSource {
  /** What the user wrote. */
  reference: string;
  /** Hub id (`ns/name`) or the folder's path as given: what messages and cards call it. */
  name: string;
  kind: 'hub' | 'folder';
  /** 40 hexadecimal digits for a Hub model; absent for a folder. */
  revision?: string;
  files: readonly ModelFile[];
  /** Reads a part of a file, by range request where it is remote. `end` is exclusive; absent: to the end. */
  read(path: string, range?: { start: number; end?: number }): Promise<Uint8Array>;
  /** The folder that holds all files, where they are local already. */
  folder?: string;
}
