import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open } from 'node:fs/promises';
import type { StoredObject } from '@hubfuse/plugin';
import type { QuickLooks } from './quick-looks.ts';

const LARGEST = 256 * 1024;
const MOST_BYTES = 32 * 1024 * 1024;
/** A file that changed a moment ago may change once more within one tick of the file system's clock. */
const SETTLED_MS = 1_000;

interface KnownFile {
  identity: string;
  body: Buffer;
  etag: string;
}

/**
 * Small files that were read lately. A file of a store is never written in place: whatever takes its name is another file,
 * which its number, size and times tell. So one look at those spares reading and hashing what is known already.
 */
export class SmallFiles {
  readonly #known = new Map<string, KnownFile>();
  readonly #looks: QuickLooks;
  #bytes = 0;

  constructor(looks: QuickLooks) {
    this.#looks = looks;
  }

  /** The body is shared by all who read it: nobody changes it. @throws whatever the file system says, also where there is no file */
  async read(path: string): Promise<StoredObject> {
    const known = this.#known.get(path);
    if (known !== undefined) {
      const stats = await this.#looks.look(path);
      if (stats !== undefined && known.identity === identityOf(stats)) {
        this.#known.delete(path);
        this.#known.set(path, known);
        return { body: known.body, etag: known.etag };
      }
    }
    this.#forget(path);
    const handle = await open(path, 'r');
    try {
      const stats = await handle.stat({ bigint: true });
      const body = await handle.readFile();
      const etag = etagOf(body);
      if (body.length <= LARGEST && isSettled(stats)) {
        this.#keep(path, { identity: identityOf(stats), body, etag });
      }
      return { body, etag };
    } finally {
      await handle.close();
    }
  }

  #keep(path: string, file: KnownFile): void {
    this.#forget(path);
    this.#known.set(path, file);
    this.#bytes += file.body.length;
    for (const oldest of this.#known.keys()) {
      if (this.#bytes <= MOST_BYTES) break;
      this.#forget(oldest);
    }
  }

  #forget(path: string): void {
    const known = this.#known.get(path);
    if (known === undefined) return;
    this.#bytes -= known.body.length;
    this.#known.delete(path);
  }
}

function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

/** Whether whatever changes from now on has other times. */
export function isSettled({ mtimeMs, ctimeMs }: Pick<BigIntStats, 'mtimeMs' | 'ctimeMs'>): boolean {
  return Date.now() - Number(mtimeMs > ctimeMs ? mtimeMs : ctimeMs) > SETTLED_MS;
}

export function etagOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}
