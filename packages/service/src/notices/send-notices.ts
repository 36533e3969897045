import { commentDiscussion, readDiscussion } from '@hubfuse/hub';
import { HubError } from '@hubfuse/plugin';
import type { Services } from '../services.ts';
import type { NoticeSettings } from './attend-runs.ts';
import { type Notice, Outbox } from './outbox.ts';
import { sendWebhook } from './send-webhook.ts';

/** About five hours from the first attempt to the last. */
const MOST_ATTEMPTS = 10;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 3_600_000;

/**
 * Sends what the outbox holds. What fails is tried again later, each time after a longer pause; what is given up becomes a
 * note on its recipe.
 */
export async function sendNotices(
  services: Services,
  settings: NoticeSettings & { fetch?: typeof fetch | undefined } = {},
): Promise<void> {
  const outbox = new Outbox(services.store);
  for await (const notice of outbox.read()) {
    if (notice.notBefore > services.now()) continue;
    const failure = await send(services, { notice, settings });
    if (failure === undefined) {
      await outbox.remove(notice);
    } else if (notice.attempts + 1 < MOST_ATTEMPTS) {
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 4 ** notice.attempts);
      await outbox.putOff(notice, services.now() + pause);
    } else {
      await noteUndelivered(services, notice, failure);
      await outbox.remove(notice);
    }
  }
}

/** @returns why it failed, or undefined where it is told or there is nobody to tell */
async function send(
  services: Services,
  { notice, settings }: { notice: Notice; settings: NoticeSettings & { fetch?: typeof fetch | undefined } },
): Promise<string | undefined> {
  const { webhook, fetch } = settings;
  if (notice.channel === 'webhook') {
    if (webhook === undefined) return undefined;
    return await sendWebhook(webhook, { ...notice, now: services.now(), fetch });
  }
  const { place, text, onlyOpen, id } = notice;
  const options = services.hub;
  try {
    if (onlyOpen && (await readDiscussion({ ...place, options })).status !== 'open') return undefined;
    await commentDiscussion({ ...place, text, marker: `notice-${id}`, options });
    return undefined;
  } catch (error) {
    if (error instanceof HubError) return error.message;
    throw error;
  }
}

async function noteUndelivered({ recipes, now }: Services, notice: Notice, failure: string): Promise<void> {
  if (notice.recipe === undefined) return;
  const to = notice.channel === 'webhook' ? 'the webhook' : `discussion ${notice.place.number} of ${notice.place.repo}`;
  await recipes.notes.add(notice.recipe, {
    code: 'notice/undelivered',
    message: `the end of the run ${notice.run} could not be told to ${to}: ${failure}`,
    at: new Date(now()).toISOString(),
  });
}
