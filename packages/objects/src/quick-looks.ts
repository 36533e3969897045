import { type BigIntStats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

/** A look that takes longer is one over a network, or at a disk that is busy. */
const SLOW_MS = 2;
/** So many looks after a slow one do not hold up the rest of the process. */
const CAREFUL_LOOKS = 100;

/**
 * Looks at files and folders that were read lately: that takes microseconds, less than it takes to ask another thread for it;
 * where it takes longer, another thread is asked.
 */
export class QuickLooks {
  #careful = 0;

  /** Whether this thread may look by itself. */
  get areQuick(): boolean {
    return this.#careful === 0;
  }

  /** Undefined where there is nothing. @throws whatever else the file system says */
  async look(path: string): Promise<BigIntStats | undefined> {
    if (!this.areQuick) {
      this.#careful--;
      return await stat(path, { bigint: true }).catch(absent);
    }
    try {
      return this.measure(() => statSync(path, { bigint: true, throwIfNoEntry: false }));
    } catch (error) {
      return absent(error);
    }
  }

  /** Does something that is quick as a rule, and is careful afterwards where it was not. */
  measure<T>(action: () => T): T {
    const begun = performance.now();
    try {
      return action();
    } finally {
      if (performance.now() - begun > SLOW_MS) this.#careful = CAREFUL_LOOKS;
    }
  }
}

function absent(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
}
