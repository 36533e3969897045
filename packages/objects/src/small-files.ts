import { createHash } from 'node:crypto';
import { type BigIntStats, statSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { StoredObject } from '@hubfuse/plugin';

const LARGEST = 256 * 1024;
const MOST_BYTES = 32 * 1024 * 1024;
/** A file that changed a moment ago may change once more within one tick of the file system's clock. */
const SETTLED_MS = 1_000;
/** A look at a file that takes longer is one over a network, or at a disk that is busy. */
const SLOW_MS = 2;
/** So many looks after a slow one do not hold up the rest of the process. */
const CAREFUL_LOOKS = 100;

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
  #bytes = 0;
  #careful = 0;

  /** The body is shared by all who read it: nobody changes it. @throws whatever the file system says, also where there is no file */
  async read(path: string): Promise<StoredObject> {
    const known = this.#known.get(path);
    if (known !== undefined && known.identity === identityOf(await this.#look(path))) {
      this.#known.delete(path);
      this.#known.set(path, known);
      return { body: known.body, etag: known.etag };
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

  /**
   * A look at a file that was read lately takes microseconds, less than it takes to ask another thread for it; where it takes
   * longer, another thread is asked.
   */
  async #look(path: string): Promise<BigIntStats> {
    if (this.#careful > 0) {
      this.#careful--;
      return await stat(path, { bigint: true });
    }
    const begun = performance.now();
    const stats = statSync(path, { bigint: true });
    if (performance.now() - begun > SLOW_MS) this.#careful = CAREFUL_LOOKS;
    return stats;
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

function isSettled({ mtimeMs, ctimeMs }: BigIntStats): boolean {
  return Date.now() - Number(mtimeMs > ctimeMs ? mtimeMs : ctimeMs) > SETTLED_MS;
}

export function etagOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}
