// Writes the pages of docs/ that are generated from the code: the command line, one page per merge method, and the
// schema of the recipe. `npm test` fails while they are out of date.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { readArguments } from './read-arguments.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
readArguments({ script: import.meta.url });
ensureBuilt();
const { createRegistry, renderDocumentation } = await import('hubfuse');
for (const [path, content] of await renderDocumentation(await createRegistry(root, []))) {
  const file = join(root, 'docs', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
