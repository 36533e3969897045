import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { StoredObject } from '@hubfuse/plugin';
import type { QuickLooks } from './quick-looks.ts';
import { identityOf, Settling } from './settling.ts';

const LARGEST = 256 * 1024;
const MOST_BYTES = 32 * 1024 * 1024;

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
  readonly #settling = new Settling();
  readonly #looks: QuickLooks;
  #bytes = 0;

  constructor(looks: QuickLooks) {
    this.#looks = looks;
  }

  /** The body is shared by all who read it: nobody changes it. @throws whatever the file system says, also where there is no file */
  async read(path: string): Promise<StoredObject> {
    const known = this.#known.get(path);
    if (known === undefined && !this.#settling.isYoung(path)) return this.#take(path, await read(path));
    const stats = await this.#looks.look(path);
    if (known !== undefined && stats !== undefined && known.identity === identityOf(stats)) {
      this.#known.delete(path);
      this.#known.set(path, known);
      return { body: known.body, etag: known.etag };
    }
    // What has just taken the place of a file that was read lately is in memory still.
    const small = stats !== undefined && Number(stats.size) <= LARGEST;
    return this.#take(
      path,
      small && this.#looks.areQuick ? this.#looks.measure(() => readAtOnce(path)) : await read(path),
    );
  }

  #take(path: string, { stats, body }: { stats: BigIntStats; body: Buffer }): StoredObject {
    this.#forget(path);
    const etag = etagOf(body);
    if (body.length <= LARGEST && this.#settling.isSettled(path, stats)) {
      this.#keep(path, { identity: identityOf(stats), body, etag });
    }
    return { body, etag };
  }

  #keep(path: string, file: KnownFile): void {
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

async function read(path: string): Promise<{ stats: BigIntStats; body: Buffer }> {
  const handle = await open(path, 'r');
  try {
    return { stats: await handle.stat({ bigint: true }), body: await handle.readFile() };
  } finally {
    await handle.close();
  }
}

function readAtOnce(path: string): { stats: BigIntStats; body: Buffer } {
  const descriptor = openSync(path, 'r');
  try {
    return { stats: fstatSync(descriptor, { bigint: true }), body: readFileSync(descriptor) };
  } finally {
    closeSync(descriptor);
  }
}

export function etagOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}
