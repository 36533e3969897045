import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { RecipeError } from '@hubfuse/plugin';
import { isHubId, parseHubAddress } from './hub-address.ts';
import { tokenOffset } from './secrets.ts';

/** A repository on a Hub. */
export interface HubModelReference {
  kind: 'hub';
  /** `namespace/name`, or a bare name of the oldest repositories (`gpt2`). */
  repo: string;
  /** Branch, tag, `refs/pr/N` or commit. Absent: `main`. */
  revision?: string | undefined;
  /** As the user wrote it. */
  reference: string;
}

/** A folder of this machine. */
export interface FolderReference {
  kind: 'folder';
  /** Absolute, or relative to the working directory; `~` is resolved. */
  path: string;
  /** As the user wrote it. */
  reference: string;
}

export type ModelReference = HubModelReference | FolderReference;

/** A dataset repository, or one file of it. */
export interface HubDatasetReference extends HubModelReference {
  /** File or folder inside the repository that was pointed at. */
  path?: string | undefined;
}

export type DatasetReference = HubDatasetReference | FolderReference;

export interface ReferenceOptions {
  /** Address of a Hub that stands in for huggingface.co (`--hub`). Its own addresses and huggingface.co's both work. */
  hub?: string | undefined;
  /** Whether a folder exists; default: asks the file system, relative to the working directory. */
  isFolder?: ((path: string) => boolean) | undefined;
  /** What `~` stands for; default: the user's home. */
  home?: string | undefined;
}

/**
 * Reads anything that a person would paste for a model: an address of the Hub's website (`https://huggingface.co/ns/name`,
 * also `/tree/<rev>`, `/blob/<rev>/<file>`, `/resolve/...`, `hf.co/...`, without scheme, or at the address of `hub`),
 * `hf://ns/name`, an id (`ns/name`, `gpt2`), `id@revision`, or a local folder. What exists as a folder is a folder,
 * although it may look like an id; a revision behind a folder's name has no effect.
 *
 * @throws RecipeError `recipe/bad-reference` where it cannot be a model, `recipe/not-yet` for adapters (`+`) and models
 * in a subfolder of a repository.
 */
export function parseModelReference(text: string, options: ReferenceOptions = {}): ModelReference {
  const trimmed = checkedText(text, 'model');
  const folder = existingFolder(trimmed, options);
  if (folder !== undefined) return { kind: 'folder', path: folder, reference: text };
  refuseAdapter(text, trimmed, options);
  const address = parseHubAddress(trimmed, options.hub);
  if (address !== undefined) {
    if (address.type !== 'model') {
      throw bad(
        text,
        `is a ${address.type}, not a model`,
        'give the address of a model: https://huggingface.co/<namespace>/<name>',
      );
    }
    checkId(text, address.repo, 'model');
    if (address.path !== undefined && (!address.isFile || address.path.includes('/'))) {
      throw new RecipeError({
        code: 'recipe/not-yet',
        message: `"${text}" points into a folder of a repository; only models at the root of theirs can be merged yet`,
        hint: `drop the part after the revision to take the model at the root of ${address.repo}`,
      });
    }
    return hubReference(text, address.repo, address.revision);
  }
  const { name, revision } = splitRevision(text, trimmed);
  const named = revision === undefined ? undefined : existingFolder(name, options);
  if (named !== undefined) return { kind: 'folder', path: named, reference: text };
  if (looksLikePath(name)) return { kind: 'folder', path: expandHome(name, options), reference: text };
  if (/^(datasets|spaces)\//.test(name) && name.split('/').length === 3) {
    throw bad(
      text,
      `is a ${name.startsWith('d') ? 'dataset' : 'space'}, not a model`,
      'give the id of a model: <namespace>/<name>',
    );
  }
  if (name.split('/').length > 2) return { kind: 'folder', path: name, reference: text };
  checkId(text, name, 'model');
  return hubReference(text, name, revision);
}

/**
 * Reads a reference to a dataset: `https://huggingface.co/datasets/ns/name` with or without `/tree/<rev>`,
 * `/blob/<rev>/<file>`, `/resolve/...`; `hf://datasets/ns/name@rev/file`; `datasets/ns/name`; an id; a local folder.
 *
 * @throws RecipeError `recipe/bad-reference` where it cannot be a dataset.
 */
export function parseDatasetReference(text: string, options: ReferenceOptions = {}): DatasetReference {
  const trimmed = checkedText(text, 'dataset');
  const folder = existingFolder(trimmed, options);
  if (folder !== undefined) return { kind: 'folder', path: folder, reference: text };
  const address = parseHubAddress(trimmed, options.hub);
  if (address !== undefined) {
    if (address.type !== 'dataset') {
      const hint = `datasets live at https://huggingface.co/datasets/<namespace>/<name>`;
      throw bad(text, `is a ${address.type}, not a dataset`, hint);
    }
    checkId(text, address.repo, 'dataset');
    return { ...hubReference(text, address.repo, address.revision), path: address.path };
  }
  const { name, revision } = splitRevision(text, trimmed);
  if (looksLikePath(name)) return { kind: 'folder', path: expandHome(name, options), reference: text };
  const id = name.replace(/^datasets\//, '');
  if (id.split('/').length > 2) return { kind: 'folder', path: name, reference: text };
  checkId(text, id, 'dataset');
  return hubReference(text, id, revision);
}

/** Whether two references mean the same model: same repository at the same revision, or the same folder. */
export function sameModel(a: ModelReference, b: ModelReference): boolean {
  if (a.kind === 'folder' || b.kind === 'folder') {
    return a.kind === 'folder' && b.kind === 'folder' && resolve(a.path) === resolve(b.path);
  }
  return a.repo === b.repo && (a.revision ?? 'main') === (b.revision ?? 'main');
}

function hubReference(text: string, repo: string, revision: string | undefined): HubModelReference {
  return { kind: 'hub', repo, ...(revision === undefined ? {} : { revision }), reference: text };
}

function checkedText(text: string, what: string): string {
  const trimmed = text.trim();
  if (trimmed === '') throw bad(text, `names no ${what}`, 'give an id, a Hub address or a local folder');
  const credentials = /^[a-z][a-z+.-]*:\/\/[^/]*@/i.test(trimmed) && !trimmed.startsWith('hf://');
  if (credentials || tokenOffset(trimmed) !== undefined) {
    // The text itself may hold a token: it must not appear in the message.
    throw new RecipeError({
      code: 'recipe/bad-reference',
      message: `the address of a ${what} must not hold a user name or token`,
      hint: 'set HF_TOKEN, or log in with `hf auth login`, and give the plain address',
    });
  }
  if (/\p{Cc}/u.test(trimmed) || trimmed.length > 4096) {
    throw bad(trimmed.slice(0, 80), `is no reference to a ${what}`, 'give an id, a Hub address or a local folder');
  }
  return trimmed;
}

/** Behind the page of a website's address a + may be part of a revision or a file's name. */
function refuseAdapter(text: string, trimmed: string, options: ReferenceOptions): void {
  const [head = ''] = trimmed.split(/[?#]|\/(?:tree|blob|resolve|raw|blame|commits?)\//);
  const [base = '', ...adapters] = head.split('+');
  if (adapters.length === 0 || (looksLikePath(base) && existingFolder(base, options) === undefined)) return;
  if (adapters.length > 1) {
    throw bad(
      text,
      'names several adapters (+)',
      'one adapter (+) per reference; list the base twice for two adapters',
    );
  }
  throw new RecipeError({
    code: 'recipe/not-yet',
    message: `"${text}" adds an adapter (+), which hubfuse does not merge yet`,
    hint: 'merge the adapter into its base model first and name the result',
  });
}

function splitRevision(text: string, name: string): { name: string; revision?: string } {
  const parts = name.split('@');
  if (parts.length > 2) throw bad(text, 'names two revisions (@)', 'one @ per reference: <id>@<revision>');
  const [id = '', revision] = parts;
  if (revision === undefined) return { name: id };
  if (id === '' || revision === '' || /\s/.test(revision)) {
    throw bad(text, 'has an @ without a name before it or a revision behind it', 'write <id>@<revision>');
  }
  return { name: id, revision };
}

function checkId(text: string, id: string, what: string): void {
  if (isHubId(id)) return;
  throw bad(
    text,
    `is neither an existing folder nor the id of a ${what}`,
    'an id is <namespace>/<name> of letters, digits, ".", "_" and "-"; a folder starts with ./, ../, / or ~/',
  );
}

function looksLikePath(name: string): boolean {
  return /^(\.{1,2}(\/|$)|\/|~(\/|$)|file:\/\/|[A-Za-z]:[\\/]|\.\\)/.test(name);
}

function expandHome(name: string, options: ReferenceOptions): string {
  if (name.startsWith('file://')) return decodeURIComponent(new URL(name).pathname);
  return /^~(\/|$)/.test(name) ? join(options.home ?? homedir(), name.slice(1)) : name;
}

function existingFolder(name: string, options: ReferenceOptions): string | undefined {
  if (/^(https?|hf):\/\//i.test(name)) return undefined;
  const path = expandHome(name, options);
  return (options.isFolder ?? isFolderOnDisk)(path) ? path : undefined;
}

function isFolderOnDisk(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    // A name that is too long, or behind a folder that may not be entered, is no folder to read from.
    return false;
  }
}

function bad(text: string, problem: string, hint: string): RecipeError {
  return new RecipeError({ code: 'recipe/bad-reference', message: `"${text}" ${problem}`, hint });
}
