import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

/** What `import x from 'y'` at the top of a file names; types are gone when it runs. */
const STATIC = /^(?:import|export)\s+(?!type\b)[^'"();]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm;

/** Everything outside this package that is loaded with a file of it. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  const found = new Set<string>();
  if (seen.has(file)) return found;
  seen.add(file);
  for (const [, from, bare] of readFileSync(file, 'utf8').matchAll(STATIC)) {
    const name = from ?? bare ?? '';
    const path = resolve(dirname(file), name);
    if (!name.startsWith('.')) found.add(name);
    else if (existsSync(path)) for (const other of loadedWith(path, seen)) found.add(other);
  }
  return found;
}

const folder = join(import.meta.dirname, 'commands');

// `hubfuse --help` loads every command's definition; what a command needs to do its work is imported when it runs.
test.each(readdirSync(folder))('the definition in %s loads nothing heavy, so that help shows at once', (file) => {
  const heavy = [...loadedWith(join(folder, file))].filter((name) => !name.startsWith('node:'));
  expect(heavy.filter((name) => name !== '@hubfuse/plugin')).toEqual([]);
});
