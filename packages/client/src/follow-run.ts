import { setTimeout as sleep } from 'node:timers/promises';
import { readEventStream } from './event-stream.ts';
import { ServiceError } from './service-error.ts';

/** An event of a run as the service tells it; further fields by type. */
export interface FollowedEvent {
  number: number;
  time: string;
  type: string;
  [field: string]: unknown;
}

/** How far the phase of a run is. */
export interface FollowedProgress {
  phase: string;
  label: string;
  done: number;
  total: number;
  unit: string;
  note?: string;
}

export type Followed = { kind: 'event'; event: FollowedEvent } | { kind: 'progress'; progress: FollowedProgress };

/** Attempts in a row without an event before a stream that keeps breaking is given up. */
const MOST_ATTEMPTS = 20;
const PAUSE_MS = 1000;

/**
 * Everything that happens in a run until it has ended: a stream that breaks is taken up behind the last event.
 * @throws ServiceError where the service refuses; the last network error where it cannot be reached for long
 */
export async function* followRun(options: {
  /** Address of the service. */
  url: string;
  key?: string | undefined;
  id: string;
  /** Number of the last event that is known already. Default 0. */
  after?: number | undefined;
  signal?: AbortSignal | undefined;
  fetch?: typeof fetch | undefined;
}): AsyncGenerator<Followed> {
  const { url, key, id, signal, fetch: send = fetch } = options;
  const address = `${url.replace(/\/+$/, '')}/v1/runs/${encodeURIComponent(id)}/events`;
  let last = options.after ?? 0;
  for (let attempt = 1; ; attempt++) {
    let failure: unknown;
    try {
      const response = await send(address, {
        headers: {
          accept: 'text/event-stream',
          'last-event-id': String(last),
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        ...(signal === undefined ? {} : { signal }),
      });
      if (response.status === 204) return;
      if (!response.ok || response.body === null) throw await refusal(response);
      for await (const { name, data } of readEventStream(response.body)) {
        attempt = 0;
        if (name === 'end') return;
        if (name === 'progress') yield { kind: 'progress', progress: JSON.parse(data) as FollowedProgress };
        if (name !== 'message') continue;
        const event = JSON.parse(data) as FollowedEvent;
        last = event.number;
        yield { kind: 'event', event };
      }
    } catch (error) {
      if (signal?.aborted === true) return;
      if (error instanceof ServiceError && error.problem.status < 500 && error.problem.status !== 429) throw error;
      failure = error;
    }
    if (signal?.aborted === true) return;
    if (attempt >= MOST_ATTEMPTS) throw failure ?? new Error(`the stream at ${address} ends again and again`);
    await sleep(PAUSE_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

async function refusal(response: Response): Promise<ServiceError> {
  const text = await response.text();
  return ServiceError.of(response.status, text);
}
