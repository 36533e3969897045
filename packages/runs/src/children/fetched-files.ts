import { fetchModel, freeBytes, type HubOptions, removeFileFromCache } from '@hubfuse/hub';
import type { ModelSource } from '@hubfuse/plugin';

/** A file of an input: `input` is an index into the sources. */
export interface InputFile {
  input: number;
  file: string;
}

export interface FetchedFilesOptions {
  sources: readonly ModelSource[];
  hub: HubOptions;
  /** Bytes of the disk that are for something else. */
  reserveBytes: number;
  /** Lets go of files that are about to be removed. */
  letGo(): Promise<void>;
  /** Bytes that are free where the cache is. Default: as the file system says. */
  free?: ((path: string) => Promise<number>) | undefined;
}

/**
 * Files that parts of a merge read. Where the disk has no room left for those of the next part, those of earlier ones go, the least
 * recently used first; only what was fetched here goes, never what was in the cache before.
 */
export class FetchedFiles {
  readonly #options: FetchedFilesOptions;
  /** Bytes of what was fetched here, the least recently used first. */
  readonly #own = new Map<string, InputFile & { bytes: number }>();
  /** What was there before. */
  readonly #found = new Set<string>();

  constructor(options: FetchedFilesOptions) {
    this.#options = options;
  }

  /** Fetches what is not there. */
  async bring(wanted: readonly InputFile[]): Promise<void> {
    const missing = wanted.filter((one) => !this.#own.has(keyOf(one)) && !this.#found.has(keyOf(one)));
    for (const one of wanted) this.#use(keyOf(one));
    await this.#makeRoom(
      missing.reduce((sum, one) => sum + this.#sizeOf(one), 0),
      new Set(wanted.map(keyOf)),
    );
    await Promise.all(
      this.#options.sources.map((source, input) =>
        this.#fetch(
          source,
          wanted.filter((one) => one.input === input),
        ),
      ),
    );
  }

  async #fetch(source: ModelSource, wanted: readonly InputFile[]): Promise<void> {
    if (wanted.length === 0) return;
    const { hub } = this.#options;
    const fetched = new Set<string>();
    await fetchModel(source, {
      ...hub,
      files: wanted.map(({ file }) => file),
      onProgress(event) {
        if (event.type === 'download' && event.state === 'verified') fetched.add(event.path);
        hub.onProgress?.(event);
      },
    });
    for (const one of wanted) {
      const key = keyOf(one);
      if (fetched.has(one.file)) this.#own.set(key, { ...one, bytes: this.#sizeOf(one) });
      else if (!this.#own.has(key)) this.#found.add(key);
    }
  }

  async #makeRoom(bytes: number, kept: ReadonlySet<string>): Promise<void> {
    const { sources, hub, reserveBytes, letGo, free = freeBytes } = this.#options;
    if (bytes === 0) return;
    let short = bytes + reserveBytes - (await free(hub.cacheDir));
    const going = [...this.#own].filter(([key]) => !kept.has(key));
    if (short <= 0 || going.length === 0) return;
    await letGo();
    for (const [key, { input, file, bytes: size }] of going) {
      if (short <= 0) return;
      const source = sources[input];
      if (source !== undefined) await removeFileFromCache({ cacheDir: hub.cacheDir, source, path: file });
      this.#own.delete(key);
      short -= size;
    }
  }

  #use(key: string): void {
    const known = this.#own.get(key);
    if (known === undefined) return;
    this.#own.delete(key);
    this.#own.set(key, known);
  }

  #sizeOf({ input, file }: InputFile): number {
    return this.#options.sources[input]?.files.find(({ path }) => path === file)?.size ?? 0;
  }
}

function keyOf({ input, file }: InputFile): string {
  return `${input} ${file}`;
}
