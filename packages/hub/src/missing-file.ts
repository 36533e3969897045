import { didYouMean, HubError, type ModelFile } from '@hubfuse/plugin';

const SHOWN = 8;

/** The error for a path that a source does not list. */
export function missingFile(input: { where: string; path: string; files: readonly ModelFile[] }): HubError {
  const { where, path, files } = input;
  const known = files.slice(0, SHOWN).map((file) => file.path);
  if (files.length > SHOWN) known.push(`and ${files.length - SHOWN} more`);
  return new HubError({
    code: 'hub/file-not-found',
    where,
    message: `there is no file "${path}"`,
    hint: files.length === 0 ? 'it holds no files at all' : didYouMean(path, known),
  });
}
