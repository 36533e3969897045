import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fromFileName, isMissing, readIfThere, replaceFile, syncFolder, toFileName } from './atomic-file.ts';

/** The folders below `refs/` and what they hold: branches, tags, pull requests. */
export type RefKind = 'heads' | 'tags' | 'pr';

export interface Ref {
  kind: RefKind;
  /** Branch or tag, or the number of the pull request. */
  name: string;
}

/** The full name, `refs/heads/main`. */
export function fullName(ref: Ref): string {
  return `refs/${ref.kind}/${ref.name}`;
}

/** Names that git would accept, less the exotic ones. */
export function isRefName(name: string): boolean {
  return (
    /^[A-Za-z0-9_][A-Za-z0-9._/+=@-]{0,199}$/.test(name) &&
    !/\.\.|\/\/|\/\.|@\{|\.lock$|[./]$/.test(name) &&
    !/^[0-9a-f]{40}$/.test(name) &&
    !name.startsWith('refs/') &&
    name !== 'HEAD'
  );
}

/** Small files, one per ref, each holding a commit id and replaced as a whole. */
export class Refs {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async get(ref: Ref): Promise<string | undefined> {
    return (await readIfThere(this.#path(ref)))?.trim();
  }

  /** Moves or makes a ref. */
  async set(ref: Ref, commit: string): Promise<void> {
    await replaceFile(this.#path(ref), `${commit}\n`);
  }

  async delete(ref: Ref): Promise<void> {
    await rm(this.#path(ref), { force: true });
    await syncFolder(join(this.#folder, ref.kind));
  }

  /** All of a kind, by name. */
  async list(kind: RefKind): Promise<{ name: string; commit: string }[]> {
    const found: { name: string; commit: string }[] = [];
    for (const fileName of await this.#fileNames(kind)) {
      const name = fromFileName(fileName);
      const commit = await this.get({ kind, name });
      if (commit !== undefined) found.push({ name, commit });
    }
    return found;
  }

  /** The ref that a revision of an API call names, or undefined where there is none. */
  async find(revision: string): Promise<{ ref: Ref; commit: string } | undefined> {
    for (const ref of candidates(revision)) {
      const commit = await this.get(ref);
      if (commit !== undefined) return { ref, commit };
    }
    return undefined;
  }

  #path(ref: Ref): string {
    return join(this.#folder, ref.kind, toFileName(ref.name));
  }

  async #fileNames(kind: RefKind): Promise<string[]> {
    try {
      const names = await readdir(join(this.#folder, kind));
      return names.filter((name) => !name.endsWith('.tmp')).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }
}

function candidates(revision: string): Ref[] {
  if (revision === 'HEAD') return [{ kind: 'heads', name: 'main' }];
  const full = /^refs\/(heads|tags|pr)\/(.+)$/.exec(revision);
  if (full !== null) return [{ kind: full[1] as RefKind, name: full[2] ?? '' }];
  return [
    { kind: 'heads', name: revision },
    { kind: 'tags', name: revision },
  ];
}
