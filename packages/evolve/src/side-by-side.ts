import { RisingBar, type Verdict } from '@hubfuse/evaluate';
import type { Judge } from './search-types.ts';

interface Running {
  bar: RisingBar;
  verdict: Promise<Verdict>;
}

/**
 * Candidates of one generation that are judged side by side. Decisions are taken one after the other: each candidate is told
 * what it must beat when its turn comes, and until then what it must beat at least.
 */
export class SideBySide<Subject> {
  readonly #judge: Judge<Subject>;
  readonly #parallel: number;
  readonly #signal: AbortSignal | undefined;
  readonly #running = new Map<number, Running>();

  /** @param options.parallel candidates at once */
  constructor(options: { judge: Judge<Subject>; parallel: number; signal: AbortSignal | undefined }) {
    this.#judge = options.judge;
    this.#parallel = options.parallel;
    this.#signal = options.signal;
  }

  /** Starts judging a candidate, unless that was done or enough of them are being judged. @param bar what it must beat at least */
  start(index: number, options: { subject: Subject; bar: number }): void {
    if (this.#running.has(index) || this.#running.size >= this.#parallel) return;
    const bar = new RisingBar(options.bar);
    const verdict = this.#judge(options.subject, { bar: options.bar, rising: bar, signal: this.#signal });
    // A failure is met when the candidate's turn comes; until then it must not count as unhandled.
    verdict.catch(() => {});
    this.#running.set(index, { bar, verdict });
  }

  /** Tells a candidate that is being judged what it must beat at least. */
  raise(index: number, bar: number): void {
    this.#running.get(index)?.bar.raise(bar);
  }

  /** The verdict on a candidate that was started, against what it must beat. */
  async verdict(index: number, bar: number): Promise<Verdict> {
    const running = this.#running.get(index);
    if (running === undefined) throw new RangeError(`candidate ${index} was not started`);
    running.bar.settle(bar);
    try {
      return await running.verdict;
    } finally {
      this.#running.delete(index);
    }
  }

  /** Gives up what is still being judged, and waits until nothing of it is under way. */
  async giveUp(): Promise<void> {
    const running = [...this.#running.values()];
    this.#running.clear();
    for (const { bar } of running) bar.settle(Number.POSITIVE_INFINITY);
    await Promise.allSettled(running.map(({ verdict }) => verdict));
  }
}
