import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import { environment } from './environment.ts';

/** The parts that a folder of golden files may have. */
export type GoldenPart = 'architectures' | 'mergekit' | 'methods';

/** The folder that the golden suites compare with. */
export const goldenFolder = resolve(environment.golden ?? fileURLToPath(new URL('./golden', import.meta.url)));

/**
 * The folder of one part. Where it is absent a skipped test says so, so that a run never looks as if the part had
 * been compared.
 */
export function goldenPart(part: GoldenPart): string | undefined {
  const folder = join(goldenFolder, part);
  if (existsSync(folder)) return folder;
  test.skip(`golden ${part}: absent from ${goldenFolder}`, () => {});
  return undefined;
}
