import type { Services } from '../services.ts';
import { type HubPayload, readHubPayload } from './hub-payload.ts';
import { Inbox } from './inbox.ts';

/** What became of a delivery: `waiting` to be worked off, or of no concern here. */
export type Reception = 'waiting' | 'ignored';

/**
 * Takes a delivery of the Hub's webhook, whose secret the caller has compared. It is put aside and worked off by a
 * dispatcher, so the answer takes one write, which those that come at the same time share.
 * @throws UsageError `service/bad-payload`
 */
export async function receiveHubEvent(services: Services, body: unknown): Promise<Reception> {
  const payload = readHubPayload(body);
  if (payload === undefined || !concerns(payload)) return 'ignored';
  await new Inbox(services.store).add(payload, new Date(services.now()).toISOString());
  services.wake();
  return 'waiting';
}

/** Sub-scopes that a Hub may add count as their parent. */
export function isScope(scope: string, parent: string): boolean {
  return scope === parent || scope.startsWith(`${parent}.`);
}

function concerns({ event: { action, scope }, comment }: HubPayload): boolean {
  if (isScope(scope, 'repo')) return true;
  return isScope(scope, 'discussion') && action === 'create' && comment !== undefined;
}
