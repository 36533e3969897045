import { toJson } from '@hubfuse/objects';
import { beginOwner, endOwner, isAlive } from '../owner.ts';
import type { RunOwner } from '../run.ts';
import type { TaskBoard } from './task-board.ts';

/**
 * That this process does a task, for as long as it renews that. A claim only spares others the work: two who do one task by
 * mistake come to the same result.
 */
export class TaskClaim {
  readonly #board: TaskBoard;
  readonly #name: string;
  readonly #owner: RunOwner;
  #etag: string;

  /** Takes a task that nobody does, or that somebody did who is gone; undefined where another one has it. */
  static async take(options: { board: TaskBoard; name: string; leaseMs: number }): Promise<TaskClaim | undefined> {
    const { board, name, leaseMs } = options;
    const found = await board.claimant(name);
    if (found !== undefined && isAlive(found.owner)) return undefined;
    const owner = beginOwner(leaseMs);
    const body = toJson(owner);
    const etag =
      found === undefined
        ? await board.create(name, 'claim', body)
        : await board.replace(name, 'claim', { body, etag: found.etag });
    if (etag !== undefined) return new TaskClaim({ board, name, owner, etag });
    endOwner(owner);
    return undefined;
  }

  private constructor(parts: { board: TaskBoard; name: string; owner: RunOwner; etag: string }) {
    this.#board = parts.board;
    this.#name = parts.name;
    this.#owner = parts.owner;
    this.#etag = parts.etag;
  }

  /** Says that it is still being done; false where another one has it by now, or it was taken back. */
  async renew(): Promise<boolean> {
    const body = toJson({ ...this.#owner, heartbeatAt: new Date().toISOString() });
    const etag = await this.#board.replace(this.#name, 'claim', { body, etag: this.#etag });
    if (etag === undefined) return false;
    this.#etag = etag;
    return true;
  }

  /** Leaves the task to others, or is done with it. */
  async release(): Promise<void> {
    endOwner(this.#owner);
    const found = await this.#board.claimant(this.#name);
    if (found?.owner.nonce === this.#owner.nonce) await this.#board.remove(this.#name, 'claim');
  }
}
