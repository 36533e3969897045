import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { dtypeBytes } from '@hubfuse/tensors';
import type { MergePlan, PlannedTensor } from '../plan/merge-plan.ts';
import type { BlockReference } from './units.ts';

/** Bytes that are hashed at a time: short enough that jobs for the workers never wait long for this thread. */
const CHUNK_BYTES = 1 << 20;

/** SHA-256 of one file, taken while its bytes become final from the front. */
class FrontHash {
  readonly #path: string;
  readonly #size: number;
  readonly #hash: Hash = createHash('sha256');
  #hashed = 0;
  #final = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(path: string, size: number) {
    this.#path = path;
    this.#size = size;
  }

  /** Says that the bytes before `end` are final. */
  advance(end: number): void {
    if (end - this.#final < CHUNK_BYTES && end < this.#size) return;
    this.#final = end;
    this.#running = this.#running.then(() => this.#catchUp());
    // A failure is seen by whoever asks for the digest.
    this.#running.catch(() => undefined);
  }

  async digest(): Promise<string> {
    this.advance(this.#size);
    await this.#running;
    return this.#hash.digest('hex');
  }

  async #catchUp(): Promise<void> {
    if (this.#hashed >= this.#final) return;
    const file: FileHandle = await open(this.#path, 'r');
    try {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      while (this.#hashed < this.#final) {
        const wanted = Math.min(CHUNK_BYTES, this.#final - this.#hashed);
        const { bytesRead } = await file.read(chunk, 0, wanted, this.#hashed);
        if (bytesRead === 0) throw new Error(`${this.#path} ends at ${this.#hashed} of ${this.#size} bytes`);
        this.#hash.update(chunk.subarray(0, bytesRead));
        this.#hashed += bytesRead;
      }
    } finally {
      await file.close();
    }
  }
}

/** What of one output is written: its tensors (indices into the plan's) by position, and the first unfinished one. */
interface Front {
  hash: FrontHash;
  tensors: readonly number[];
  next: number;
}

/**
 * The SHA-256 of every output, taken in this thread while the workers write: what is left to hash when the last value is
 * written is little.
 */
export class OutputHashes {
  readonly #plan: MergePlan;
  readonly #fronts: readonly Front[];
  /** Elements of each tensor that are written, and those of them that are so without a gap from the first. */
  readonly #written: { all: number; front: number }[];

  /** @param options.paths present path of each output, in the order of the plan */
  constructor(options: { plan: MergePlan; paths: readonly string[] }) {
    const { plan, paths } = options;
    this.#plan = plan;
    this.#written = plan.tensors.map(() => ({ all: 0, front: 0 }));
    this.#fronts = plan.outputs.map(({ size, masks }, output) => {
      // Blocks of a mask come from tensors of other files: such a file is final only when everything is.
      const own = plan.tensors.flatMap((tensor, index) => (tensor.output === output && masks !== true ? [index] : []));
      const tensors = own.sort((a, b) => this.#tensor(a).offset - this.#tensor(b).offset || a - b);
      return { hash: new FrontHash(paths[output] as string, size), tensors, next: 0 };
    });
  }

  /** Says that blocks are written to their files. */
  wrote(blocks: readonly BlockReference[]): void {
    const outputs = new Set<number>();
    for (const { tensor, offset, length } of blocks) {
      const written = this.#written[tensor] as { all: number; front: number };
      written.all += length;
      if (written.front === offset) written.front += length;
      outputs.add(this.#tensor(tensor).output);
    }
    for (const output of outputs) this.#advance(this.#fronts[output] as Front);
  }

  /** The digest of each output, once everything is written. */
  digests(): Promise<string>[] {
    return this.#fronts.map(({ hash }) => hash.digest());
  }

  #advance(front: Front): void {
    for (; front.next < front.tensors.length; front.next++) {
      const index = front.tensors[front.next] as number;
      const { length, offset, dtype } = this.#tensor(index);
      const written = this.#written[index] as { all: number; front: number };
      if (written.all === length) continue;
      front.hash.advance(offset + written.front * dtypeBytes(dtype));
      return;
    }
  }

  #tensor(index: number): PlannedTensor {
    return this.#plan.tensors[index] as PlannedTensor;
  }
}
