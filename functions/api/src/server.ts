import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { UsageError } from '@hubfuse/plugin';
import { createApp } from './app.ts';
import { isLoopbackName } from './http/loopback.ts';
import type { ApiServices } from './services.ts';

/** A running service. */
export interface ApiServer {
  /** Where clients reach it, without a slash at the end. */
  url: string;
  /** Stops listening, ends streams, waits for requests under way up to `graceMs` and cuts the rest. */
  close(): Promise<void>;
}

export interface ServerOptions {
  /** Default `127.0.0.1`. */
  host?: string | undefined;
  /** TCP port; 0 takes a free one. Default 0. */
  port?: number | undefined;
  /** Most milliseconds that `close` waits for requests under way. Default 10,000. */
  graceMs?: number | undefined;
  /**
   * Others reach it whatever address it listens on: a front door stands before it. While it has no keys it answers 401 instead of
   * refusing to start. Default false.
   */
  frontDoor?: boolean | undefined;
}

/** Milliseconds within which the headers of a request have to come, and all of it. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 60_000;
const CHECK_MS = 2_000;
const MOST_HEADERS = 100;
const KEEP_ALIVE_MS = 30_000;
/** Milliseconds between two looks for idle connections while the server stops. */
const SWEEP_MS = 50;

/**
 * Serves the app on Node.js. Resolves when it listens.
 * @throws UsageError `service/no-keys` where it would be open to others than this machine and nobody could sign in; `service/cannot-listen`
 */
export async function startServer(
  services: Omit<ApiServices, 'loopback' | 'stopping' | 'addressOf'>,
  options: ServerOptions = {},
): Promise<ApiServer> {
  const { host = '127.0.0.1', port = 0, graceMs = 10_000, frontDoor = false } = options;
  const loopback = !frontDoor && isLoopbackName(host);
  if (!loopback && !frontDoor && services.signIn === undefined && !(await services.keys.exist())) {
    throw new UsageError({
      code: 'service/no-keys',
      message: `the service will not listen on ${host} while it has no keys: whoever reaches it could use it`,
      hint: 'make one with `hubfuse keys create --name me --scope admin`, or listen on 127.0.0.1',
    });
  }
  const stopping = new AbortController();
  let url: string | undefined;
  const app = createApp({
    ...services,
    // Whoever hands the services in may exchange what wakes its dispatcher later.
    wake: () => services.wake(),
    // Where nothing else is said, a Hub on this machine reaches it here.
    get publicUrl() {
      // Where a front door stands before it, it cannot know its name by itself.
      return services.publicUrl ?? (frontDoor ? undefined : url);
    },
    loopback,
    stopping: stopping.signal,
    addressOf: (c) => getConnInfo(c).remote.address ?? '',
  });
  const server = await listen({ fetch: app.fetch, host, port });
  const own = `http://${nameOf(host)}:${(server.address() as AddressInfo).port}`;
  url = own;
  let closing: Promise<void> | undefined;
  return {
    url: own,
    close() {
      closing ??= stop(server, { stopping, graceMs });
      return closing;
    },
  };
}

/** The host as an address names it; one that stands for all interfaces is reached on this machine by loopback. */
function nameOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function listen(options: { fetch: Parameters<typeof serve>[0]['fetch']; host: string; port: number }): Promise<Server> {
  const { fetch, host, port } = options;
  return new Promise((resolve, reject) => {
    const server = serve(
      {
        fetch,
        hostname: host,
        port,
        serverOptions: {
          headersTimeout: HEADERS_MS,
          requestTimeout: REQUEST_MS,
          connectionsCheckingInterval: CHECK_MS,
          keepAliveTimeout: KEEP_ALIVE_MS,
        },
      },
      () => resolve(server),
    ) as Server;
    server.maxHeadersCount = MOST_HEADERS;
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new UsageError({
          code: 'service/cannot-listen',
          message: `cannot listen on ${host}:${port}: ${cause.message}`,
          hint: cause.code === 'EADDRINUSE' ? 'choose another port' : undefined,
          cause,
        }),
      );
    });
  });
}

function stop(server: Server, { stopping, graceMs }: { stopping: AbortController; graceMs: number }): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    // A connection whose last answer has gone out is kept for a next request, which nobody may send any more.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(sweep);
      resolve();
    });
    stopping.abort();
    server.closeIdleConnections();
  });
}
