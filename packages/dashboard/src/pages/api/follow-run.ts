import { EventStreamParser } from './parse-event-stream.ts';
import { ProblemError } from './problem.ts';
import { send } from './request.ts';
import type { RunEvent, RunProgress } from './types.ts';

/** How a page is connected to a run: `over`: nothing comes any more. */
export type Connection = 'connecting' | 'open' | 'waiting' | 'over';

export interface Follower {
  onEvent(event: RunEvent): void;
  onProgress(progress: RunProgress): void;
  onConnection(connection: Connection): void;
  /** What no further attempt could mend. */
  onProblem(error: ProblemError): void;
}

/** Milliseconds before the first attempt to come back, and the most that they grow to. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;
/** Milliseconds of silence after which a connection counts as lost; the server gives a sign of life every 15 s. */
const SILENCE_MS = 45_000;

/**
 * Follows a run from the event behind `after` to its end. A connection that breaks is made again, with the number of the
 * last event, so that none is missed and none is seen twice.
 */
export async function followRun(options: {
  id: string;
  after?: number;
  follower: Follower;
  signal: AbortSignal;
}): Promise<void> {
  const { id, follower, signal } = options;
  const place = { last: options.after ?? 0 };
  let wait = FIRST_WAIT_MS;
  follower.onConnection('connecting');
  while (!signal.aborted) {
    try {
      const end = await readStream({
        ...{ id, place, follower, signal },
        onOpen: () => {
          wait = FIRST_WAIT_MS;
        },
      });
      if (end === 'over') return follower.onConnection('over');
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ProblemError && isFinal(error.problem.status)) return follower.onProblem(error);
    }
    follower.onConnection('waiting');
    await pause(wait, signal);
    wait = Math.min(LONGEST_WAIT_MS, wait * 2);
  }
}

/** A run that is gone, or that the key may not see, does not come back by itself; an overloaded server does. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

async function readStream(options: {
  id: string;
  place: { last: number };
  follower: Follower;
  signal: AbortSignal;
  onOpen: () => void;
}): Promise<'over' | 'cut'> {
  const { id, place, follower, signal, onOpen } = options;
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await send(`v1/runs/${encodeURIComponent(id)}/events`, {
      headers: { accept: 'text/event-stream', ...(place.last > 0 ? { 'last-event-id': String(place.last) } : {}) },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (response.status === 204 || response.body === null) return 'over';
    onOpen();
    follower.onConnection('open');
    const parser = new EventStreamParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'cut';
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      for (const message of parser.push(value)) {
        if (message.event === 'end') return 'over';
        if (message.event === 'progress') follower.onProgress(JSON.parse(message.data) as RunProgress);
        else if (message.event === undefined) {
          const event = JSON.parse(message.data) as RunEvent;
          if (event.number <= place.last) continue;
          place.last = event.number;
          follower.onEvent(event);
        }
      }
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

/** Waits; a network that comes back ends it early. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    window.addEventListener('online', done);
    signal.addEventListener('abort', done);
  });
}
