import type { DashboardFile } from '@hubfuse/dashboard';
import type { Launcher } from '@hubfuse/plugin';
import type { Services } from '@hubfuse/service';
import type { ApiContext } from './http/api-env.ts';
import type { BodyBounds } from './http/bounded-body.ts';
import type { RateLimit } from './http/rate-limit.ts';
import type { RequestLogEntry } from './metrics/count-requests.ts';
import type { SignInSettings } from './sign-in/sign-in.ts';

/** Bounds of what clients may ask for. */
export interface ApiBounds {
  body: BodyBounds;
  /** Of each key, or of each address where there is no key. */
  rate: RateLimit;
  /** Of each address that showed a key that is none. */
  badKeys: RateLimit;
  /** Clients that may follow runs at once. */
  streams: number;
  /** Plans that are made at once; more have to wait. */
  plans: number;
}

export const DEFAULT_BOUNDS: ApiBounds = {
  body: { bytes: 1024 * 1024, milliseconds: 15_000 },
  rate: { perSecond: 100, burst: 500 },
  badKeys: { perSecond: 0.2, burst: 20 },
  streams: 1000,
  plans: 4,
};

/** What the routes work with. Everything that reads or writes anything is handed in. */
export interface ApiServices extends Services {
  /** Where runs execute: it knows what they wrote. */
  launcher: Launcher;
  /** Folder that runs work in, where it is on this machine. */
  workspace?: string | undefined;
  /** What the Hub sends as `X-Webhook-Secret`; without one no delivery is taken. */
  webhookSecret: string | undefined;
  /** Address at which the Hub reaches the service; without one no webhook can be registered by it. */
  publicUrl: string | undefined;
  bounds: ApiBounds;
  /** Which runs that have ended the dispatchers keep, as pages tell it. Absent: all. */
  retention?: { days?: number; runs?: number } | undefined;
  /** Whether the server is bound to a loopback address: then it needs no key until one exists. */
  loopback: boolean;
  /** "Sign in with Hugging Face", beside keys; it leads back to `publicUrl`. Default: keys alone. */
  signIn?: SignInSettings | undefined;
  /** Origin of a page that may show ours in a frame, as the Hub does with Spaces. Default: none. */
  framedBy?: string | undefined;
  /** Origins whose pages may read answers. Empty: none. */
  cors: readonly string[];
  /** The dashboard's bundle, by path. */
  dashboard: ReadonlyMap<string, DashboardFile>;
  /** Files of the documentation page, by path. */
  docs: ReadonlyMap<string, DashboardFile>;
  /** Aborts when the server stops: streams end, and it is ready no more. */
  stopping: AbortSignal;
  /** Told about every request. */
  log?: ((entry: RequestLogEntry) => void) | undefined;
  /** Told of errors that nobody meant to raise, which answers do not show. */
  onFault?: ((error: unknown, requestId: string) => void) | undefined;
  /** Address of a client, which rate limits count by. Default: all clients are one. */
  addressOf?: ((c: ApiContext) => string) | undefined;
  /** Milliseconds between two signs of life on a stream. Default 15,000. */
  heartbeatMs?: number | undefined;
}
