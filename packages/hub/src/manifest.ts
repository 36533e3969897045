import { createHash } from 'node:crypto';
import { HubError } from '@hubfuse/plugin';

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
  /** SHA-256 of the card as it was published, hexadecimal: a card that differs was edited since. For the record. */
  cardSha256?: string;
  /** Data that was scored on, pinned; empty where nothing was scored. */
  datasets: readonly ManifestInput[];
  /** Statistics of the models that the method read, in the order of the models; absent for a method that reads none. */
  statistics?: readonly ManifestStatistics[];
  /** Figures for the record; they are no part of the identity, as their last bits depend on the processor. */
  scores?: unknown;
  /** The condition for publishing and how it came out: for the record. */
  gate?: unknown;
  /** What was taken back so that this stands here again: for the record. */
  rolledBack?: RollbackRecord;
  /** Who or what asked for the merge, where that was not simply a person at the command line: for the record. */
  origin?: ManifestOrigin;
  /** How a search went, where there was one: figures for the record. What it decided stands in an output of its own. */
  search?: unknown;
}

/** A publication that was taken back. */
export interface RollbackRecord {
  /** Its commit. */
  revision: string;
  /** The commit whose content stands there again. */
  restored: string;
  /** Its name and the identity of its content. */
  name: string;
  digest: string;
  /** What its condition for publishing had come to, where it had one. */
  gate?: unknown;
  /** Why, as a person said it. */
  reason?: string;
  /** ISO 8601. */
  at: string;
}

/** Who asked, in public: no secret, and nothing that only its service understands but the id of a key. */
export interface ManifestOrigin {
  trigger: string;
  /** Id of the key that asked; never the key. */
  key?: string;
  /** Hub account of whoever asked by a comment. */
  account?: string;
  /** Name of the stored recipe. */
  recipe?: string;
  /** The push that led to it. */
  cause?: { type: string; repo: string; ref: string; sha: string };
  /** Publications that led to it, the earliest first. */
  ancestry: readonly { run: string; recipe?: string; repo: string; sha: string }[];
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

/** A file of statistics that went into the merge. For the record: what it decided stands in the outputs. */
export interface ManifestStatistics {
  /** Hub id or folder of the model. */
  model: string;
  kind: string;
  variant: string;
  /** Repository or folder of the file; absent where it was gathered for this merge. */
  source?: string;
  /** Path inside the source. */
  file: string;
  /** Commit of the repository. */
  revision?: string;
  /** Hexadecimal. */
  sha256: string;
  /** The data that it was gathered on, and the number of examples. */
  dataset?: string;
  examples?: number;
  /** It is of what evolution has made of the model, not of the model. */
  refreshed?: true;
  /** The file of examples that it was gathered on, pinned: where the statistics must be gathered to merge again. */
  calibration?: ManifestCalibration;
}

/** A file of examples whose content is known. */
export interface ManifestCalibration {
  /** Id of the dataset repository; absent for a local file. */
  repo?: string;
  /** 40 hexadecimal digits for a Hub repository. */
  revision?: string;
  /** Path in the repository, or a local file's name. */
  path: string;
  /** Of a local file, hexadecimal. */
  sha256?: string;
}

export interface ManifestOutput {
  /** Path in the repository, with forward slashes. */
  path: string;
  /** Bytes. */
  size: number;
  /** Hexadecimal. */
  sha256: string;
}

/** The manifest's text as it is published: stable for the same contents. */
export function renderManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/**
 * Reads a manifest.
 * @param where what to call it in errors
 * @throws HubError `hub/bad-manifest`, or `hub/newer-manifest` where a later hubfuse wrote it
 */
export function parseManifest(text: string, where: string): Manifest {
  const bad = (message: string, code = 'hub/bad-manifest') =>
    new HubError({
      code,
      where,
      message,
      hint:
        code === 'hub/newer-manifest'
          ? 'update hubfuse'
          : `${MANIFEST_FILE} was not written by hubfuse, or was changed by hand`,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad('the manifest is not JSON');
  }
  const manifest = value as Partial<Record<keyof Manifest, unknown>> | null;
  if (typeof manifest !== 'object' || manifest === null || typeof manifest.format !== 'number') {
    throw bad('the manifest states no format');
  }
  if (manifest.format > MANIFEST_FORMAT) {
    throw bad(
      `the manifest has format ${manifest.format}; this hubfuse knows ${MANIFEST_FORMAT}`,
      'hub/newer-manifest',
    );
  }
  for (const key of ['hubfuse', 'name', 'method', 'recipe'] as const) {
    if (typeof manifest[key] !== 'string') throw bad(`the manifest's "${key}" is no text`);
  }
  if (typeof manifest.settings !== 'object' || manifest.settings === null) {
    throw bad('the manifest\'s "settings" is no object');
  }
  for (const key of ['inputs', 'datasets'] as const) {
    const wrong = !Array.isArray(manifest[key]) || manifest[key].some((input) => !isInput(input));
    if (wrong) throw bad(`the manifest's "${key}" is no list of pinned repositories or folders`);
  }
  if (!Array.isArray(manifest.outputs) || manifest.outputs.some((output) => !isOutput(output))) {
    throw bad('the manifest\'s "outputs" is no list of files with size and sha256');
  }
  return manifest as Manifest;
}

function isInput(value: unknown): value is ManifestInput {
  const input = value as Partial<ManifestInput> | null;
  return (
    typeof input === 'object' &&
    input !== null &&
    ['base', 'model', 'data'].includes(input.role ?? '') &&
    ['hub', 'folder'].includes(input.kind ?? '') &&
    typeof input.reference === 'string' &&
    typeof input.name === 'string' &&
    (input.kind === 'folder' || /^[0-9a-f]{40}$/.test(input.revision ?? ''))
  );
}

function isOutput(value: unknown): value is ManifestOutput {
  const output = value as Partial<ManifestOutput> | null;
  return (
    typeof output === 'object' &&
    output !== null &&
    typeof output.path === 'string' &&
    Number.isSafeInteger(output.size) &&
    /^[0-9a-f]{64}$/.test(output.sha256 ?? '')
  );
}

/**
 * Identity of what is published, 64 hexadecimal digits: recipe, pinned inputs, settings and outputs. Neither scores nor
 * hubfuse's version are part of it: they may differ between two runs that made the same model.
 */
export function manifestDigest(manifest: Manifest): string {
  const { format, name, method, recipe, inputs, settings, outputs } = manifest;
  const byPath = [...outputs].sort((a, b) => (a.path < b.path ? -1 : 1));
  const identity = canonical({ format, name, method, recipe, inputs, settings, outputs: byPath });
  return createHash('sha256').update(identity).digest('hex');
}

/** JSON with sorted keys and without whitespace: one text for one value. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`;
}
