import type { Task } from '@hubfuse/plugin';
import { openSessions, releaseSessions, runMembers, spread } from '../scoring.ts';
import type { WorkerPool } from '../worker-pool.ts';
import type { RaceEntry } from './race-entry.ts';

/** Opening sessions costs about as much as a batch or two: for fewer batches a second worker does not join. */
const WORTH_JOINING = 2;

/**
 * The workers of a race. Each has the sessions of one candidate at a time. A candidate that nobody works on goes first; a
 * worker that finds none helps with the earliest one, on which decisions wait.
 */
export class RaceCrew {
  readonly #pool: WorkerPool;
  readonly #task: Task;
  /** What to call when a candidate is decided on, and when its sessions are closed. */
  readonly #entries = new Map<RaceEntry, { decided(): void; closed(): void }>();
  readonly #busy = new Set<number>();

  constructor(parts: { pool: WorkerPool; task: Task }) {
    this.#pool = parts.pool;
    this.#task = parts.task;
  }

  /**
   * Works on a candidate until it is decided on as far as it can be. `closed` resolves when its sessions are closed, too: a worker may
   * be in the middle of a batch that does not matter any more.
   * @param most workers in all
   */
  async run(entry: RaceEntry, most: number): Promise<{ closed: Promise<void> }> {
    let decided = () => {};
    let closed = () => {};
    const isDecided = new Promise<void>((resolve) => {
      decided = resolve;
    });
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    this.#entries.set(entry, { decided, closed });
    this.#leave(entry, undefined);
    for (let place = 0; place < Math.min(this.#pool.size, most); place++) {
      if (this.#busy.has(place) || this.#choose(undefined) === undefined) continue;
      this.#busy.add(place);
      // It catches what candidates meet; anything else is a defect and must be seen.
      void this.#work(place);
    }
    await isDecided;
    return { closed: isClosed };
  }

  async #work(place: number): Promise<void> {
    let entry: RaceEntry | undefined;
    for (;;) {
      // Looking for work and leaving are one step: nobody can bring work in between and find this worker busy.
      entry ??= this.#choose(undefined);
      if (entry === undefined) {
        this.#busy.delete(place);
        return;
      }
      entry.places.add(place);
      entry = await this.#workOn(entry, place);
    }
  }

  /** Returns the candidate to go on with. */
  async #workOn(entry: RaceEntry, place: number): Promise<RaceEntry | undefined> {
    let next: RaceEntry | undefined = entry;
    try {
      await openSessions(this.#pool, place, entry.sessions, this.#task);
      while (next === entry) {
        await this.#score(entry, place);
        next = this.#choose(entry);
      }
    } catch (cause) {
      entry.fail(cause);
      next = this.#choose(entry);
    }
    await releaseSessions(this.#pool, [place], [...entry.sessions.values()]);
    // While sessions were closed another worker may have finished it.
    if (next?.isOver === true) next = this.#choose(entry);
    this.#leave(entry, place);
    return next;
  }

  async #score(entry: RaceEntry, place: number): Promise<void> {
    if (entry.waiting === 0) return;
    const { index, batch } = entry.take();
    const planned = entry.plan[batch.dataset];
    if (planned === undefined) throw new RangeError(`there is no dataset ${batch.dataset}`);
    const indices = { indices: batch.examples };
    const request = {
      kind: 'run',
      members: runMembers(planned, indices, entry.sessions),
      width: planned.names.length,
      logits: this.#task.logits,
      keepLogits: false,
      eachMember: false,
    } as const;
    try {
      spread(await this.#pool.request(place, request), planned, indices);
      entry.done(index, {});
    } catch (cause) {
      entry.done(index, { failure: { cause } });
    }
    if (entry.isDecided) this.#entries.get(entry)?.decided();
  }

  #choose(current: RaceEntry | undefined): RaceEntry | undefined {
    const open = [...this.#entries.keys()].filter(({ isOver }) => !isOver);
    const alone = open.find(({ places }) => places.size === 0);
    if (current !== undefined && open.includes(current) && (alone === undefined || current.places.size === 1)) {
      return current;
    }
    return alone ?? open.find((entry) => entry !== current && entry.waiting >= WORTH_JOINING);
  }

  #leave(entry: RaceEntry, place: number | undefined): void {
    if (place !== undefined) entry.places.delete(place);
    if (!entry.isOver || entry.places.size > 0) return;
    const told = this.#entries.get(entry);
    told?.decided();
    told?.closed();
    this.#entries.delete(entry);
  }
}
