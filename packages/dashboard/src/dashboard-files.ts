import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StoreError } from '@hubfuse/plugin';

/** A file of the dashboard as it is served. */
export interface DashboardFile {
  body: Uint8Array;
  /** Value of the `Content-Type` header. */
  contentType: string;
  /** The name holds a hash of the content: it may be cached for ever. The page itself must be asked for every time. */
  immutable: boolean;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/**
 * Everything that a server of the dashboard answers, by the path of the URL: `/` is the page, `/assets/...` what it loads.
 * The page's own paths are relative, so that it works below a prefix too, and its views stand behind `#`: no other path
 * has to be served. Nothing in it needs more than this policy: `default-src 'none'; script-src 'self'; style-src 'self';
 * img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`.
 *
 * @throws StoreError `dashboard/not-built` where the bundle is missing
 */
export async function dashboardFiles(): Promise<Map<string, DashboardFile>> {
  const folder = fileURLToPath(new URL('./bundle', import.meta.url));
  const files = new Map<string, DashboardFile>();
  for (const name of await namesOf(folder)) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) continue;
    const path = name === 'index.html' ? '/' : `/${name}`;
    const body = await readFile(join(folder, name));
    files.set(path, { body, contentType, immutable: path.startsWith('/assets/') });
  }
  return files;
}

async function namesOf(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(folder.length + 1)
          .replaceAll('\\', '/'),
      )
      .sort();
  } catch (cause) {
    throw new StoreError({
      code: 'dashboard/not-built',
      message: `the pages of the dashboard are not at ${folder}`,
      hint: 'in a checkout run: npm run build',
      cause,
    });
  }
}
