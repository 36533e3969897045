import { join as joinPath } from 'node:path';
import { RecipeError } from '@hubfuse/plugin';
import type { Field } from './fields.ts';
import type { ReadContext } from './read-context.ts';
import type { DataFile } from './recipe.ts';
import { type DatasetReference, parseDatasetReference } from './reference.ts';

/** The dataset repository or folder that a `from` names. */
export function readFrom(field: Field | undefined, context: ReadContext): DatasetReference | undefined {
  const text = field?.text('a dataset repository or a folder');
  return field === undefined || text === undefined ? undefined : parse(field, text, context);
}

/**
 * A file: below `from` where that is given, else a local path or the address of a file of a dataset repository.
 * @param options.fill changes the text before it is read
 */
export function readDataFile(
  field: Field | undefined,
  options: { from: DatasetReference | undefined; fill?: (text: string) => string },
  context: ReadContext,
): DataFile | undefined {
  const { from, fill = (text) => text } = options;
  const written = field?.text('a file');
  if (field === undefined || written === undefined) return undefined;
  const text = fill(written);
  if (text.split(/[\\/]/).includes('..') && from !== undefined) {
    return field.report({ code: 'recipe/bad-reference', message: `"${text}" leaves the dataset that \`from\` names` });
  }
  if (from?.kind === 'folder') return { kind: 'local', path: joinPath(from.path, text) };
  if (from?.kind === 'hub') {
    const path = from.path === undefined ? text : `${from.path}/${text}`;
    return { kind: 'hub', repo: from.repo, revision: from.revision, path: path.replace(/^\/+/, '') };
  }
  if (!isAddress(text)) return { kind: 'local', path: localPath(text, context) };
  const reference = parse(field, text, context);
  if (reference?.kind !== 'hub') return undefined;
  if (reference.path === undefined) {
    const message = `"${text}" names a dataset repository and no file of it`;
    return field.report({ code: 'recipe/bad-reference', message, hint: 'put the repository under `from`' });
  }
  return { kind: 'hub', repo: reference.repo, revision: reference.revision, path: reference.path };
}

/** Whether a text is an address rather than a path. */
export function isAddress(text: string): boolean {
  return /^(https?|hf):\/\//i.test(text);
}

/** A local path with `~` resolved. */
export function localPath(text: string, { references }: Pick<ReadContext, 'references'>): string {
  const home = references.home;
  return home !== undefined && text.startsWith('~/') ? joinPath(home, text.slice(2)) : text;
}

function parse(field: Field, text: string, context: ReadContext): DatasetReference | undefined {
  try {
    return parseDatasetReference(text, context.references);
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error;
    context.findings.adopt(field.place, error);
    return undefined;
  }
}
