import type { AppType } from '@hubfuse/api';
import { hc } from 'hono/client';

/** Where a service is, and who asks. */
export interface ClientOptions {
  /** Address of the service, `http://127.0.0.1:8080`. */
  url: string;
  /** A key (`hfk_...`); a service on this machine may want none. */
  key?: string | undefined;
  /** Stands in for the global `fetch`. */
  fetch?: typeof fetch | undefined;
}

/** A client of the service whose requests and answers have the types of its routes. */
export function createClient({ url, key, fetch }: ClientOptions) {
  return hc<AppType>(url.replace(/\/+$/, ''), {
    ...(fetch === undefined ? {} : { fetch }),
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  });
}

export type HubfuseClient = ReturnType<typeof createClient>;
