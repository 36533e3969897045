import type { BigIntStats } from 'node:fs';

/** Age at which the next change has other times even where a file system counts whole seconds. */
const COARSE_MS = 1_000;
/** The same where it counts nanoseconds, which it takes from a clock that ticks every few milliseconds. */
const FINE_MS = 100;
const MOST_SEEN = 2_000;

/** What a file or folder is known by; a changed one differs, once the one before has settled. */
export function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

/** Tells of files and folders whether whatever changes from now on will have other times. */
export class Settling {
  readonly #seen = new Map<string, { identity: string; since: number }>();

  /** Whether this was looked at lately, while it was young. */
  isYoung(path: string): boolean {
    return this.#seen.has(path);
  }

  isSettled(path: string, stats: BigIntStats): boolean {
    const { mtimeMs, ctimeMs, ctimeNs } = stats;
    if (Date.now() - Math.max(Number(mtimeMs), Number(ctimeMs)) > COARSE_MS) {
      this.#seen.delete(path);
      return true;
    }
    const now = performance.now();
    const identity = identityOf(stats);
    const seen = this.#seen.get(path);
    // Our own clock counts: that of a file server may differ.
    if (seen?.identity === identity) return now - seen.since > FINE_MS && ctimeNs % 1_000_000n !== 0n;
    if (this.#seen.size >= MOST_SEEN) this.#seen.clear();
    this.#seen.set(path, { identity, since: now });
    return false;
  }
}
