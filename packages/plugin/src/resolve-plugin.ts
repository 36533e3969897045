import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The URL of a plugin that a user names: a file (relative to the folder `from`, or absolute), a `file:` URL, or the name
 * of a package that is installed where `from` sees it.
 * @throws Error of Node.js where there is no such package
 */
export function resolvePlugin(specifier: string, from: string): string {
  if (specifier.startsWith('file:')) return specifier;
  if (specifier.startsWith('.') || specifier.startsWith('/') || /\.[cm]?js$/.test(specifier)) {
    return pathToFileURL(resolve(from, specifier)).href;
  }
  return pathToFileURL(resolvePackage(specifier, from)).href;
}

function resolvePackage(name: string, from: string): string {
  try {
    return createRequire(join(resolve(from), 'package.json')).resolve(name);
  } catch (error) {
    // `require` does not see what a package exports under `import` alone, and import() knows no other folder than ours.
    const folder =
      (error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? findPackage(name, from) : undefined;
    const entry = folder === undefined ? undefined : importEntry(folder);
    if (folder === undefined || entry === undefined) throw error;
    return join(folder, entry);
  }
}

/** The folder of a package in the nearest `node_modules` that has it. */
function findPackage(name: string, from: string): string | undefined {
  for (let at = resolve(from); ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (dirname(at) === at) return undefined;
  }
}

/** What `import` gets of a package: the first target under `import`, `node` or `default` of its main export. */
function importEntry(folder: string): string | undefined {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { exports?: unknown };
  let target: unknown = exports;
  while (typeof target === 'object' && target !== null) {
    const conditions = target as Record<string, unknown>;
    target = conditions['.'] ?? conditions.import ?? conditions.node ?? conditions.default;
  }
  return typeof target === 'string' ? target : undefined;
}
