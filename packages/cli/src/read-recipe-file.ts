import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '@hubfuse/plugin';

/** The text of a recipe's file. @throws UsageError `usage/no-recipe` */
export async function readRecipeFile(directory: string, file: string): Promise<string> {
  try {
    return await readFile(resolve(directory, file), 'utf8');
  } catch (cause) {
    throw new UsageError({
      code: 'usage/no-recipe',
      message: notRead(file, cause as NodeJS.ErrnoException),
      hint: '`hubfuse init` writes one; models on the command line need --method',
      cause,
    });
  }
}

function notRead(file: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return `there is no recipe ${file}`;
  return code === 'EISDIR' ? `${file} is a folder and no recipe` : `the recipe ${file} cannot be read: ${message}`;
}
