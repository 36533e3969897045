import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { QuickLooks } from './quick-looks.ts';
import { identityOf, Settling } from './settling.ts';

const MOST_NAMES = 50_000;

interface KnownFolder {
  identity: string;
  names: readonly string[];
}

/**
 * Listings of folders that were read lately. Whatever appears in a folder, goes from it or is replaced changes its times, so
 * one look at those spares reading what is known already.
 */
export class SmallFolders {
  readonly #known = new Map<string, KnownFolder>();
  readonly #settling = new Settling();
  readonly #looks: QuickLooks;
  #names = 0;

  constructor(looks: QuickLooks) {
    this.#looks = looks;
  }

  /**
   * The names in a folder in order, those of folders with a slash behind them; names that begin with a dot are left out. The
   * list is shared by all who read it: nobody changes it. A folder that does not exist has none.
   */
  async read(path: string): Promise<readonly string[]> {
    const stats = await this.#looks.look(path);
    if (stats?.isDirectory() !== true) {
      this.#forget(path);
      return [];
    }
    const identity = identityOf(stats);
    const known = this.#known.get(path);
    this.#forget(path);
    if (known?.identity === identity) {
      this.#keep(path, known);
      return known.names;
    }
    const names = await namesIn(path);
    // The look came first: a change since then has times of its own.
    if (this.#settling.isSettled(path, stats)) this.#keep(path, { identity, names });
    return names;
  }

  #keep(path: string, folder: KnownFolder): void {
    this.#forget(path);
    this.#known.set(path, folder);
    this.#names += folder.names.length + 1;
    for (const oldest of this.#known.keys()) {
      if (this.#names <= MOST_NAMES) break;
      this.#forget(oldest);
    }
  }

  #forget(path: string): void {
    const known = this.#known.get(path);
    if (known === undefined) return;
    this.#names -= known.names.length + 1;
    this.#known.delete(path);
  }
}

async function namesIn(path: string): Promise<string[]> {
  // It may have been removed since.
  const entries: Dirent[] = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    return [];
  });
  return entries
    .filter(({ name }) => !name.startsWith('.'))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort();
}
