/** Name of the manifest at the root of everything that hubfuse publishes. */
export const MANIFEST_FILE = 'hubfuse.json';

/** Version of the manifest's format that this program writes. */
export const MANIFEST_FORMAT = 1;

/**
 * What was merged from what: enough to merge again and to compare. It is published as `hubfuse.json` and says that the
 * branch holding it is hubfuse's to write.
 */
export interface Manifest {
  format: typeof MANIFEST_FORMAT;
  /** Version of hubfuse that made it. */
  hubfuse: string;
  /** Name of the merge. */
  name: string;
  /** Merge method as the recipe names it. */
  method: string;
  /** The recipe, word for word, in YAML or JSON. */
  recipe: string;
  /** Every model of the recipe with what it was pinned to: the base first, then the models in the recipe's order. */
  inputs: readonly ManifestInput[];
  /** Options outside the recipe that decide the bytes of the outputs (`shardSize`, ...). */
  settings: Readonly<Record<string, string | number | boolean>>;
  /** Every published file but the manifest and the card. */
  outputs: readonly ManifestOutput[];
  /** Data that was scored on, pinned; empty where nothing was scored. */
  datasets: readonly ManifestInput[];
  /** Figures for the record; they are no part of the identity, as their last bits depend on the processor. */
  scores?: unknown;
}

export interface ManifestInput {
  role: 'base' | 'model' | 'data';
  /** As the recipe writes it. */
  reference: string;
  /** Hub id, or the folder's last part. */
  name: string;
  kind: 'hub' | 'folder';
  /** 40 hexadecimal digits for a Hub repository. */
  revision?: string;
  /** SHA-256 of the files that were read, by path, where known: what pins a local folder. */
  sha256?: Readonly<Record<string, string>>;
}

export interface ManifestOutput {
  /** Path in the repository, with forward slashes. */
  path: string;
  /** Bytes. */
  size: number;
  /** Hexadecimal. */
  sha256: string;
}
