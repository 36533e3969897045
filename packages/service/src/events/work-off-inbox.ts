import { type CommentSettings, handleComment } from '../comments/handle-comment.ts';
import type { Services } from '../services.ts';
import { handlePush } from './handle-push.ts';
import { handleRepository } from './handle-repository.ts';
import { Inbox, putOff } from './inbox.ts';
import { advanceLane, waitingLanes } from './lanes.ts';
import type { Letter } from './letter-collector.ts';
import { isScope } from './receive-hub-event.ts';

/** A letter that fails again and again is given up after about a day. */
const MOST_ATTEMPTS = 40;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** How soon a push is looked at again whose run is about to say that it is its own. */
const SOON_MS = 1_000;

/**
 * Works off the deliveries that wait and starts what they ask for. All of them are read first, so that a storm becomes one
 * run. Doing it in several processes at once is a waste and does no harm.
 * @param options.onProblem is told of a letter that failed
 */
export async function workOffInbox(
  services: Services,
  options: CommentSettings & { onProblem?: ((error: unknown) => void) | undefined } = {},
): Promise<void> {
  const inbox = new Inbox(services.store);
  const lanes = new Set<string>();
  for (const bundle of await inbox.read(options.onProblem)) {
    const left: Letter[] = [];
    for (const letter of bundle.letters) {
      const rest = await workOff(services, { letter, lanes, options });
      if (rest !== undefined) left.push(rest);
    }
    await inbox.settle(bundle, left);
  }
  for await (const lane of waitingLanes(services)) lanes.add(lane);
  for (const lane of lanes) {
    try {
      await advanceLane(services, lane);
    } catch (error) {
      options.onProblem?.(error);
    }
  }
}

interface Work {
  letter: Letter;
  lanes: Set<string>;
  options: CommentSettings & { onProblem?: ((error: unknown) => void) | undefined };
}

/** @returns the letter as it has to wait; undefined where it is done with */
async function workOff(services: Services, work: Work): Promise<Letter | undefined> {
  const { letter, options } = work;
  if (letter.notBefore !== undefined && Date.parse(letter.notBefore) > services.now()) return letter;
  try {
    const later = await handle(services, work);
    return later ? putOff(letter, { until: services.now() + SOON_MS, failed: false }) : undefined;
  } catch (error) {
    options.onProblem?.(error);
    if (letter.attempts + 1 >= MOST_ATTEMPTS) return undefined;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** letter.attempts);
    return putOff(letter, { until: services.now() + pause, failed: true });
  }
}

/** @returns whether the letter has to wait a moment */
async function handle(services: Services, work: Work): Promise<boolean> {
  const { payload } = work.letter;
  const { scope, action } = payload.event;
  if (isScope(scope, 'discussion')) {
    await handleComment(services, payload, work.options);
    return false;
  }
  if (isScope(scope, 'repo.content')) {
    const { lanes, later } = await handlePush(services, payload);
    for (const lane of lanes) work.lanes.add(lane);
    return later;
  }
  // Settings, and whatever a Hub may add: how the repository stands is asked of the Hub itself.
  await handleRepository(services, payload);
  // A new repository brings its first commit along.
  if (action !== 'create' || payload.updatedRefs === undefined) return false;
  const { lanes, later } = await handlePush(services, payload);
  for (const lane of lanes) work.lanes.add(lane);
  return later;
}
