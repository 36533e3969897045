import type { ObjectStore } from '@hubfuse/plugin';
import { type FeedItem, RunFeed } from './run-feed.ts';

/** The runs that somebody follows. */
export class RunFeeds {
  readonly #store: ObjectStore;
  readonly #feeds = new Map<string, RunFeed>();
  #open = 0;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Clients that follow a run at this moment. */
  get open(): number {
    return this.#open;
  }

  /** What happens in a run behind the event `after`, until it has ended or `signal` aborts. */
  async *follow(options: { runId: string; after: number; signal: AbortSignal }): AsyncGenerator<FeedItem> {
    const { runId, after, signal } = options;
    const feed = this.#feeds.get(runId) ?? new RunFeed({ store: this.#store, runId, after });
    this.#feeds.set(runId, feed);
    this.#open++;
    try {
      yield* feed.follow({ after, signal });
    } finally {
      this.#open--;
      if (feed.idle && this.#feeds.get(runId) === feed) this.#feeds.delete(runId);
    }
  }
}
