import { createRoute, z } from '@hono/zod-openapi';
import type { RunEvent } from '@hubfuse/runs';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { RunViews } from '../access/run-views.ts';
import type { RunFeeds } from '../feed/run-feeds.ts';
import { requireScope } from '../http/authenticate.ts';
import { problems } from '../http/documented.ts';
import { jsonText } from '../http/json-text.ts';
import { tooMany } from '../http/rate-limit.ts';
import { createRouter } from '../http/router.ts';
import { EventPageSchema } from '../schemas/event.ts';
import { RunParameters } from '../schemas/run.ts';
import type { ApiServices } from '../services.ts';
import { eventView } from '../views/event-view.ts';

/** Events of one page. */
const MOST_EVENTS = 500;
const HEARTBEAT_MS = 15_000;
/** Milliseconds after which a browser whose stream was cut comes back. */
const RECONNECT_MS = 2000;

const EventNumber = z
  .string()
  .regex(/^[0-9]{1,9}$/, 'a number of an event')
  .transform(Number)
  .optional();

const route = createRoute({
  method: 'get',
  path: '/v1/runs/{id}/events',
  tags: ['runs'],
  summary: 'What happens in a run, as a stream or as a page',
  description:
    'With `Accept: text/event-stream` a stream of server-sent events: `id` is the number of the event, `data` the event; ' +
    'events named `progress` say how far a phase is and have no id; the one named `end` says that nothing follows. A client that was cut off ' +
    "comes back with `Last-Event-ID`; where nothing follows any more the answer is 204, which ends a browser's attempts. " +
    'Otherwise a page of JSON: repeat with `after` set to `next`.',
  request: {
    params: RunParameters,
    query: z.object({
      after: EventNumber.openapi({ type: 'integer', minimum: 0, description: 'Only events behind this number.' }),
    }),
    headers: z.object({
      'last-event-id': EventNumber.openapi({
        type: 'integer',
        minimum: 0,
        description: 'The same, as browsers send it.',
      }),
    }),
  },
  responses: {
    200: {
      description: 'Events in order.',
      content: { 'application/json': { schema: EventPageSchema }, 'text/event-stream': { schema: z.string() } },
    },
    204: { description: 'The run has ended, and the client has every event.' },
    ...problems(),
  },
  middleware: requireScope('read'),
});

/** The events of runs. */
export function eventRoutes(services: ApiServices, { feeds, views }: { feeds: RunFeeds; views: RunViews }) {
  const { bounds, stopping, heartbeatMs = HEARTBEAT_MS } = services;
  return createRouter().openapi(route, async (c) => {
    const { id } = c.req.valid('param');
    const run = await views.require({ id, principal: c.get('principal') });
    const after = c.req.valid('header')['last-event-id'] ?? c.req.valid('query').after ?? 0;
    if (!/\btext\/event-stream\b/i.test(c.req.header('accept') ?? '')) return jsonText(c, await page()) as never;
    if (c.req.valid('header')['last-event-id'] !== undefined && (await nothingFollows())) return c.body(null, 204);
    if (feeds.open >= bounds.streams) throw tooMany(5);
    c.header('x-accel-buffering', 'no');
    // The stream's own answer is of no type that a route could declare.
    return streamSSE(c, (stream) => send(stream)) as never;

    async function page(): Promise<string> {
      const items: string[] = [];
      let next = after;
      let more = false;
      for await (const { event, text } of views.events(run, after)) {
        more = items.length === MOST_EVENTS;
        if (more) break;
        items.push(text);
        next = event.number;
      }
      return `{"items":[${items.join(',')}],"next":${next},"ended":${!more && run.ended}}`;
    }

    async function nothingFollows(): Promise<boolean> {
      if (!run.ended) return false;
      for await (const _ of views.events(run, after)) return false;
      return true;
    }

    async function send(stream: SSEStreamingApi): Promise<void> {
      const left = new AbortController();
      stream.onAbort(() => left.abort());
      const signal = AbortSignal.any([left.signal, stopping]);
      const beat = setInterval(() => void stream.write(': alive\n\n').catch(() => left.abort()), heartbeatMs);
      try {
        await stream.write(`retry: ${RECONNECT_MS}\n\n`);
        for await (const item of feeds.follow({ runId: id, after, signal })) {
          if (item.kind === 'progress')
            await stream.writeSSE({ event: 'progress', data: JSON.stringify(item.progress) });
          else await stream.writeSSE({ id: String(item.event.number), data: text(item.event) });
        }
        if (!signal.aborted) await stream.writeSSE({ event: 'end', data: '{}' });
      } catch (error) {
        // What the store or the run is missing is told as little as in any other answer; the client comes back.
        services.onFault?.(error, c.get('requestId'));
      } finally {
        clearInterval(beat);
        left.abort();
      }
    }
  });
}

function text(event: RunEvent): string {
  return JSON.stringify(eventView(event));
}
