import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { HubError } from '@hubfuse/plugin';
import { createApp } from './app.ts';
import type { Fault } from './faults/fault.ts';
import { FaultInjector } from './faults/injector.ts';
import { setCommonHeaders } from './http/common-headers.ts';
import { importPlainFolders } from './import-plain-folders.ts';
import type { HubServerOptions } from './options.ts';
import { HubStore } from './storage/hub-store.ts';
import { Activity } from './webhooks/activity.ts';
import { Deliveries, type DeliveryLimits } from './webhooks/deliveries.ts';
import { announcer } from './webhooks/publisher.ts';
import { Subscriptions } from './webhooks/subscriptions.ts';
import { XorbStore } from './xet/xorb-store.ts';

/** A running Hub. */
export interface HubServer {
  /** Where clients reach it, without a slash at the end: what `hubUrl` and HF_ENDPOINT take. */
  url: string;
  /** Repositories that were imported from plain folders at start. */
  imported: readonly string[];
  /** The faults of now; present where `HubServerOptions.faults` was given. */
  faults?: { set(faults: readonly Fault[]): void; list(): readonly Fault[] };
  /** Stops listening, waits `graceMs` for requests under way and cuts the rest. */
  close(): Promise<void>;
}

/** A connection on which nothing moves for this long is closed. Uploads as a whole may take as long as they take. */
const IDLE_MS = 120_000;

/** Longer than clients pause between requests: closing a connection while its next request is on the way loses that. */
const KEEP_ALIVE_MS = 60_000;

const DEFAULT_DELIVERIES: DeliveryLimits = { attempts: 5, pauseMs: 1000, timeoutMs: 10_000 };

/**
 * Serves a folder as a Hub. Resolves when it listens.
 * @throws HubError where the address is taken or the folder cannot be used.
 */
export async function startHubServer(options: HubServerOptions): Promise<HubServer> {
  const { host = '127.0.0.1', port = 0, tokens = {}, graceMs = 2000 } = options;
  const onNotice = options.onNotice ?? (() => {});
  const store = await HubStore.open(options.folder);
  const imported = await importPlainFolders(store, { root: options.folder, onNotice });
  for (const repo of imported) onNotice(`imported ${repo}`);
  const xorbs = new XorbStore({ folder: join(store.folder, 'xorbs'), temporary: store.temporary, blobs: store.blobs });
  await xorbs.removeAbandoned();
  const subscriptions = new Subscriptions(join(store.folder, 'webhooks'));
  const activity = new Activity(join(store.folder, 'activity'));
  const deliveries = new Deliveries({
    folder: join(store.folder, 'deliveries'),
    subscriptions,
    activity,
    limits: options.deliveries ?? DEFAULT_DELIVERIES,
    jobs: options.jobs,
    onNotice,
  });
  let url = options.publicUrl ?? '';
  const app = createApp({
    store,
    xorbs,
    subscriptions,
    activity,
    deliveries,
    jobs: options.jobs,
    onNotice,
    announce: announcer({ subscriptions, deliveries, baseUrl: () => url }),
    rules: { tokens, open: Object.keys(tokens).length === 0 && isLoopback(host) },
    pageSize: options.pageSize ?? 1000,
    partSize: options.partSize ?? 64 * 1024 * 1024,
    publicUrl: options.publicUrl,
  });
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const faults = options.faults === undefined ? undefined : new FaultInjector(options.faults);
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS }, (incoming, outgoing) => {
    setCommonHeaders(incoming, outgoing);
    if (faults?.meet(incoming, outgoing) !== true) void listener(incoming, outgoing);
  });
  server.setTimeout(IDLE_MS);
  await listen(server, { host, port });
  const address = server.address() as AddressInfo;
  url ||= `http://${nameOf(host)}:${address.port}`;
  await deliveries.resume();
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= stop(server, graceMs).then(() => deliveries.stop());
    return closing;
  };
  if (options.stopOnSignals === true) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void close());
  }
  return { url, imported, close, ...(faults === undefined ? {} : { faults }) };
}

/** The host as an address names it; one that stands for all interfaces is reached on this machine by loopback. */
function nameOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new HubError({
          code: 'hub-server/cannot-listen',
          message: `cannot listen on ${host}:${port}: ${cause.message}`,
          hint: cause.code === 'EADDRINUSE' ? 'choose another port' : undefined,
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}

function stop(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
