import { closeSync, openSync } from 'node:fs';

/** Files that stay open for reading, by path. */
export class OpenFiles {
  readonly #open = new Map<string, number>();

  /** A descriptor of the file, opened where it is not yet. */
  get(path: string): number {
    let file = this.#open.get(path);
    if (file === undefined) {
      file = openSync(path, 'r');
      this.#open.set(path, file);
    }
    return file;
  }

  /** Closes what is not among `paths`: a removed file gives its space back only then. */
  keepOnly(paths: readonly string[]): void {
    const kept = new Set(paths);
    for (const [path, file] of this.#open) {
      if (kept.has(path)) continue;
      closeSync(file);
      this.#open.delete(path);
    }
  }

  close(): void {
    this.keepOnly([]);
  }
}
