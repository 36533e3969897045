import { describeRepository } from '@hubfuse/hub';
import { getJson, listAll, toJson } from '@hubfuse/objects';
import { HubError, ResourceError } from '@hubfuse/plugin';
import { isActive, runIdOf } from '@hubfuse/runs';
import { refName } from '../recipes/ref-name.ts';
import type { Services } from '../services.ts';
import { findState } from '../starting/begin-run.ts';
import { nextDay } from '../starting/daily-quota.ts';
import { changeJson } from '../store/change-json.ts';
import { serviceKeys, wordOf } from '../store/keys-of-store.ts';
import { beginPushRun, stillWatches } from './begin-push-run.ts';
import {
  addPush,
  dropWaiting,
  emptyLane,
  isOrderUnclear,
  type Lane,
  type LanePush,
  promote,
  putBack,
  release,
} from './lane.ts';

const RETRY_MS = 30_000;

/** Where the pushes to one ref wait for one recipe. */
export type LanePlace = Pick<Lane, 'recipe' | 'type' | 'repo' | 'ref'>;

function wordOfLane({ recipe, type, repo, ref }: LanePlace): string {
  return wordOf(recipe, type, repo.toLowerCase(), ref);
}

/** Puts a push into its lane. Nothing starts yet. @returns the lane's word */
export async function queuePush({ store }: Services, place: LanePlace, push: LanePush): Promise<string> {
  const word = wordOfLane(place);
  // First that somebody looks after the lane, then what there is to look after.
  await store.create(serviceKeys.waitingLane(word), toJson(place));
  await changeJson<Lane>({ store, key: serviceKeys.lane(word) }, (found) => {
    const lane = found ?? emptyLane(place);
    const next = addPush(lane, push);
    return next === lane && found !== undefined ? undefined : next;
  });
  return word;
}

/** Lanes that are to be looked after. */
export async function* waitingLanes({ store }: Services): AsyncGenerator<string> {
  for await (const key of listAll(store, serviceKeys.waitingLanes)) {
    yield key.slice(serviceKeys.waitingLanes.length, -'.json'.length);
  }
}

/**
 * Does what a lane is ready for: ends a run that has ended, makes a run of the newest push. Any number of processes may do
 * it at once. Errors of one push become notes on its recipe.
 */
export async function advanceLane(services: Services, word: string): Promise<void> {
  const { store } = services;
  const change = (step: (lane: Lane) => Lane | undefined) =>
    changeJson<Lane>({ store, key: serviceKeys.lane(word) }, (lane) => lane && step(lane));
  const read = async () => (await getJson<Lane>(store, serviceKeys.lane(word)))?.value;
  let lane = await read();
  if (lane === undefined) return;
  if (lane.active?.begun === true) {
    if (await isUnderWay(services, lane.active.once)) {
      // The next push looks after the lane itself.
      if (lane.waiting.length === 0) await endWatch(services, word);
      return;
    }
    const { once } = lane.active;
    lane = (await change((now) => (now.active?.once === once && now.active.begun ? release(now) : undefined)))?.value;
  }
  if (lane === undefined) return;
  if (lane.active === undefined) {
    if (lane.waiting.length === 0) return await endWatch(services, word);
    if (lane.notBefore !== undefined && Date.parse(lane.notBefore) > services.now()) return;
    const next = await nextOf(services, lane);
    lane = (await change((now) => (sameWaiting(now, lane) ? next : undefined)))?.value;
    if (lane?.active === undefined) return;
  }
  if (!lane.active?.begun) await begin(services, { lane, change });
}

type Change = (step: (lane: Lane) => Lane | undefined) => Promise<{ value: Lane } | undefined>;

async function begin(services: Services, { lane, change }: { lane: Lane; change: Change }): Promise<void> {
  const { active } = lane;
  if (active === undefined) return;
  const isMine = (now: Lane): boolean => now.active?.once === active.once && !now.active.begun;
  try {
    const made = await beginPushRun(services, lane, active);
    await change((now) => {
      if (!isMine(now)) return undefined;
      return made && now.active !== undefined ? { ...now, active: { ...now.active, begun: true } } : release(now);
    });
  } catch (error) {
    const until = retryAt(error, services.now());
    await change((now) => {
      if (!isMine(now)) return undefined;
      return until === undefined ? release(now) : putBack(now, new Date(until).toISOString());
    });
    const { recipe, repo } = lane;
    const said = error instanceof Error ? error.message : String(error);
    const when = until === undefined ? 'started no run' : 'waits';
    await services.recipes.notes.add(recipe, {
      code: until === undefined ? 'trigger/refused' : 'trigger/waiting',
      message: `the push ${active.sha.slice(0, 12)} to ${repo} ${when}: ${said}`,
      at: new Date(services.now()).toISOString(),
      repo,
    });
  }
}

/** When to try again: what a person has to mend is not tried again. */
function retryAt(error: unknown, now: number): number | undefined {
  const isSpent = error instanceof ResourceError && /^service\/(?:runs-per-day|usd-per-month)$/.test(error.code);
  // Dollars of a month may be there again before the next: a run that ends gives back what it held.
  if (isSpent) return nextDay(now);
  return error instanceof HubError ? now + RETRY_MS : undefined;
}

/** The lane with its next push made active, or without those that are old. */
async function nextOf(services: Services, lane: Lane): Promise<Lane> {
  if (!(await stillWatches(services, lane))) return dropWaiting(lane);
  const head = isOrderUnclear(lane) ? await headOf(services, lane) : undefined;
  if (head !== undefined && lane.seen.includes(head) && !lane.waiting.some(({ sha }) => sha === head)) {
    return dropWaiting(lane);
  }
  return promote(lane, head);
}

async function headOf({ hub }: Services, { type, repo, ref }: Lane): Promise<string | undefined> {
  try {
    return (await describeRepository({ type, repo, revision: refName(ref).name }, hub)).sha;
  } catch (error) {
    // Gone or out of reach: the order in which the pushes were heard of has to do.
    if (error instanceof HubError) return undefined;
    throw error;
  }
}

async function isUnderWay({ store }: Services, once: string): Promise<boolean> {
  const state = await findState(store, runIdOf(once));
  return state !== undefined && isActive(state.status);
}

function sameWaiting(now: Lane, then: Lane | undefined): boolean {
  return (
    now.active === undefined &&
    now.waiting.length === then?.waiting.length &&
    now.waiting.every(({ sha }, index) => sha === then.waiting[index]?.sha)
  );
}

/** Nothing waits: nobody needs to look after it, unless a push came at this moment. */
async function endWatch({ store }: Services, word: string): Promise<void> {
  await store.delete(serviceKeys.waitingLane(word));
  const lane = (await getJson<Lane>(store, serviceKeys.lane(word)))?.value;
  if (lane === undefined || (lane.waiting.length === 0 && lane.active?.begun !== false)) return;
  const { recipe, type, repo, ref } = lane;
  await store.create(serviceKeys.waitingLane(word), toJson({ recipe, type, repo, ref }));
}
