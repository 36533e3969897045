import type { ObjectStore } from '@hubfuse/plugin';
import { type RunEvent, type RunProgress, readEvents, readRunState } from '@hubfuse/runs';
import { Waiters } from './waiters.ts';

/** What a follower of a run is told. */
export type FeedItem = { kind: 'event'; event: RunEvent } | { kind: 'progress'; progress: RunProgress };

/** Milliseconds between two looks at the store: while things happen, and after a while in which nothing did. */
const BUSY_MS = 250;
const IDLE_MS = 1000;
const IDLE_LOOKS = 40;
/** The last event of a run may be written a moment after its state says that it ended. */
const LOOKS_AFTER_END = 3;
/** Events that are kept at hand; whoever is further behind reads the store. */
const KEPT = 500;

/**
 * Follows one run for any number of clients: the store is looked at once for all of them, and only while there are some.
 */
export class RunFeed {
  readonly #store: ObjectStore;
  readonly #runId: string;
  readonly #events = new Map<number, RunEvent>();
  readonly #waiters = new Waiters();
  #last: number;
  #progress: RunProgress | undefined;
  #ended = false;
  #failure: unknown;
  #followers = 0;
  #timer: NodeJS.Timeout | undefined;
  #quiet = 0;
  #looksAfterEnd = 0;

  /** @param after Number of the event that the first follower has already. */
  constructor({ store, runId, after }: { store: ObjectStore; runId: string; after: number }) {
    this.#store = store;
    this.#runId = runId;
    this.#last = after;
  }

  get idle(): boolean {
    return this.#followers === 0;
  }

  /** Everything behind the event `after`, until the run has ended or `signal` says to stop. */
  async *follow({ after, signal }: { after: number; signal: AbortSignal }): AsyncGenerator<FeedItem> {
    this.#followers++;
    if (this.#followers === 1) this.#begin();
    let next = after + 1;
    let shown: RunProgress | undefined;
    try {
      while (!signal.aborted) {
        if (next <= this.#last) {
          const event = this.#events.get(next) ?? (await this.#readOne(next));
          if (event === undefined) return;
          yield { kind: 'event', event };
          next++;
        } else if (this.#progress !== undefined && this.#progress !== shown) {
          shown = this.#progress;
          yield { kind: 'progress', progress: shown };
        } else if (this.#failure !== undefined) {
          throw this.#failure;
        } else if (this.#ended) {
          return;
        } else await this.#waiters.wait(signal);
      }
    } finally {
      this.#followers--;
      if (this.#followers === 0) clearTimeout(this.#timer);
    }
  }

  async #readOne(number: number): Promise<RunEvent | undefined> {
    for await (const event of readEvents({ store: this.#store, runId: this.#runId, after: number - 1 })) return event;
    return undefined;
  }

  #begin(): void {
    this.#failure = undefined;
    this.#ended = false;
    this.#looksAfterEnd = 0;
    void this.#look();
  }

  async #look(): Promise<void> {
    try {
      const { status, progress } = await readRunState({ store: this.#store, runId: this.#runId });
      const events: RunEvent[] = [];
      for await (const event of readEvents({ store: this.#store, runId: this.#runId, after: this.#last })) {
        events.push(event);
      }
      for (const event of events) this.#keep(event);
      const moved = JSON.stringify(progress) !== JSON.stringify(this.#progress);
      if (moved) this.#progress = progress;
      this.#quiet = events.length > 0 || moved ? 0 : this.#quiet + 1;
      const terminal = status === 'done' || status === 'failed' || status === 'cancelled';
      this.#looksAfterEnd = terminal && events.length === 0 ? this.#looksAfterEnd + 1 : 0;
      this.#ended = this.#looksAfterEnd >= LOOKS_AFTER_END || (terminal && isLast(this.#events.get(this.#last)));
      if (events.length > 0 || moved || this.#ended) this.#waiters.wake();
    } catch (error) {
      this.#failure = error;
      this.#waiters.wake();
    }
    if (this.#ended || this.#failure !== undefined || this.#followers === 0) return;
    this.#timer = setTimeout(() => void this.#look(), this.#quiet > IDLE_LOOKS ? IDLE_MS : BUSY_MS);
    this.#timer.unref();
  }

  #keep(event: RunEvent): void {
    this.#events.set(event.number, event);
    this.#events.delete(event.number - KEPT);
    this.#last = event.number;
  }
}

/** Whether nothing comes behind an event unless somebody starts the run again. */
function isLast(event: RunEvent | undefined): boolean {
  return event !== undefined && ['done', 'failed', 'cancelled'].includes(event.type);
}
