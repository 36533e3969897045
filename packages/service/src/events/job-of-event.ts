import { setTimeout as wait } from 'node:timers/promises';
import { getJson } from '@hubfuse/objects';
import { activeRuns, type RunState, runIdOf } from '@hubfuse/runs';
import { isOrphaned } from '../dispatch/is-orphaned.ts';
import { attendRuns } from '../notices/attend-runs.ts';
import { sendNotices } from '../notices/send-notices.ts';
import type { Services } from '../services.ts';
import { findState } from '../starting/begin-run.ts';
import { serviceKeys } from '../store/keys-of-store.ts';
import { handlePush } from './handle-push.ts';
import { handleRepository } from './handle-repository.ts';
import { readHubPayload } from './hub-payload.ts';
import { type Lane, onceOfPush } from './lane.ts';
import { advanceLane, waitingLanes } from './lanes.ts';
import { isScope } from './receive-hub-event.ts';

/** How soon a push is looked at again whose run is about to say that it is its own. */
const SOON_MS = 1_000;
const LOOK_MS = 2_000;
/** A push that may start no earlier than this is left to the next event: waiting costs a machine. */
const LONGEST_WAIT_MS = 120_000;

/** What became of an event that started a job. */
export type EventReception = 'queued' | 'ignored';

/**
 * The work of a job that the Hub's webhook started for one stored recipe. No server and no dispatcher is needed: what the
 * job finds in the store says which pushes had their run, so that any number of deliveries in any order make one run of each,
 * and a storm two. Whoever executes the recipe's run takes up what came meanwhile; the other jobs end.
 */
export class JobOfEvent {
  readonly #services: Services;
  readonly #recipe: string;
  readonly #signal: AbortSignal;
  readonly #lookMs: number;
  /** Ids of the runs that the event itself asks for. */
  #runs: readonly string[] = [];

  constructor(options: {
    services: Services;
    /** Name of the stored recipe. */
    recipe: string;
    /** Ends every wait. */
    signal: AbortSignal;
    /** Milliseconds between two looks at a run that somebody else executes. Default 2000, more than between two heartbeats. */
    lookMs?: number | undefined;
  }) {
    this.#services = options.services;
    this.#recipe = options.recipe;
    this.#signal = options.signal;
    this.#lookMs = options.lookMs ?? LOOK_MS;
  }

  /**
   * Takes the body of a delivery: notes what happened to a parent, or queues a push.
   * @throws UsageError `service/bad-payload`, `service/unknown-recipe`; HubError, StoreError
   */
  async receive(body: unknown): Promise<EventReception> {
    await this.#services.recipes.require(this.#recipe);
    const payload = readHubPayload(body);
    if (payload === undefined || !isScope(payload.event.scope, 'repo')) return 'ignored';
    if (!isScope(payload.event.scope, 'repo.content')) {
      await handleRepository(this.#services, payload);
      // A new repository brings its first commit along.
      if (payload.event.action !== 'create' || payload.updatedRefs === undefined) return 'ignored';
    }
    for (;;) {
      const { lanes, later } = await handlePush(this.#services, payload, this.#recipe);
      if (!later) {
        const { type, name: repo } = payload.repo;
        const moved = payload.updatedRefs ?? [{ ref: 'refs/heads/main', newSha: payload.repo.headSha ?? null }];
        this.#runs = moved.flatMap(({ ref, newSha }) =>
          newSha === null ? [] : [runIdOf(onceOfPush({ recipe: this.#recipe, type, repo, ref }, newSha))],
        );
        return lanes.length === 0 ? 'ignored' : 'queued';
      }
      await this.#wait(SOON_MS);
    }
  }

  /**
   * The run of the recipe that this job is to execute: one that waits, or one whose worker is gone. Looks a moment at a run
   * that somebody seems to execute, to see whether they live.
   * @returns undefined where nothing is left to do here
   */
  async next(): Promise<string | undefined> {
    for (;;) {
      const notBefore = await this.#advance();
      const waiting = await this.#takeable();
      if (waiting !== undefined) return waiting;
      const pause = notBefore === undefined ? undefined : notBefore - this.#services.now();
      if (pause === undefined || pause > LONGEST_WAIT_MS) return undefined;
      await this.#wait(Math.max(0, pause) + this.#lookMs);
    }
  }

  /** What the event's own run has failed with, for a job that was started again after it. */
  async failure(): Promise<RunState['error']> {
    for (const run of this.#runs) {
      const state = await findState(this.#services.store, run);
      if (state?.status === 'failed') return state.error;
    }
    return undefined;
  }

  /** Tells how runs ended: comments on pull requests. What fails is told by the next job. */
  async tell(): Promise<void> {
    await attendRuns(this.#services);
    await sendNotices(this.#services);
  }

  /** @returns when the first of the recipe's pushes that wait may start; undefined where none waits for a time */
  async #advance(): Promise<number | undefined> {
    const { store } = this.#services;
    let first: number | undefined;
    for await (const word of waitingLanes(this.#services)) {
      const read = async () => (await getJson<Lane>(store, serviceKeys.lane(word)))?.value;
      if ((await read())?.recipe !== this.#recipe) continue;
      await advanceLane(this.#services, word);
      const lane = await read();
      if (lane?.active !== undefined || lane?.notBefore === undefined || lane.waiting.length === 0) continue;
      const at = Date.parse(lane.notBefore);
      first = first === undefined ? at : Math.min(first, at);
    }
    return first;
  }

  async #takeable(): Promise<string | undefined> {
    const { store, now } = this.#services;
    const signs = new Map<string, string | undefined>();
    for (;;) {
      const active = (await activeRuns({ store })).filter(
        ({ spec: { origin } }) => origin.trigger === 'webhook' && origin.recipe?.name === this.#recipe,
      );
      const free = active.find(({ state }) => isOrphaned(state, now()));
      if (free !== undefined) return free.spec.id;
      // A machine that was lost gave its last sign of life a moment ago; one that lives gives the next one soon.
      const doubtful = active.filter(({ spec: { id }, state: { owner } }) => {
        const known = signs.has(id) ? signs.get(id) : owner?.heartbeatAt;
        signs.set(id, known);
        return known === owner?.heartbeatAt;
      });
      if (doubtful.length === 0) return undefined;
      await this.#wait(this.#lookMs);
    }
  }

  async #wait(milliseconds: number): Promise<void> {
    await wait(milliseconds, undefined, { signal: this.#signal });
  }
}
