import { getJson, listAll, toJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { eventNumber, runKeys } from './keys.ts';
import type { RunEvent, RunEventBody } from './run-event.ts';

/** The events of a run whose numbers are greater than `after`, in order. */
export async function* readEvents(options: {
  store: ObjectStore;
  runId: string;
  /** Default 0: all of them. */
  after?: number;
}): AsyncGenerator<RunEvent> {
  const { store, runId, after = 0 } = options;
  const keys = runKeys(runId);
  for (let number = after + 1; ; number++) {
    const found = await getJson<RunEvent>(store, keys.event(number));
    if (found === undefined) return;
    yield found.value;
  }
}

/** Appends events: each one is an object that is created once and never changed. */
export class EventLog {
  readonly #store: ObjectStore;
  readonly #runId: string;
  readonly #listener: ((event: RunEvent) => void) | undefined;
  #next: number;
  /** Appends wait for each other, so that the numbers follow the order of the calls. */
  #last: Promise<void> = Promise.resolve();

  private constructor(options: {
    store: ObjectStore;
    runId: string;
    next: number;
    listener: ((event: RunEvent) => void) | undefined;
  }) {
    this.#store = options.store;
    this.#runId = options.runId;
    this.#next = options.next;
    this.#listener = options.listener;
  }

  /** Opens the log behind its last event. */
  static async open(options: {
    store: ObjectStore;
    runId: string;
    listener?: ((event: RunEvent) => void) | undefined;
  }): Promise<EventLog> {
    const { store, runId, listener } = options;
    let last = 0;
    for await (const key of listAll(store, runKeys(runId).events)) last = Math.max(last, eventNumber(key));
    return new EventLog({ store, runId, next: last + 1, listener });
  }

  append(body: RunEventBody): Promise<void> {
    const done = this.#last.then(() => this.#append(body));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #append(body: RunEventBody): Promise<void> {
    for (;;) {
      const event: RunEvent = { number: this.#next, time: new Date().toISOString(), ...body };
      const etag = await this.#store.create(runKeys(this.#runId).event(event.number), toJson(event));
      this.#next++;
      if (etag === undefined) continue;
      this.#listener?.(event);
      return;
    }
  }
}
