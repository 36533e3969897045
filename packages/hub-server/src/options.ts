import type { Fault } from './faults/fault.ts';
import type { DeliveryLimits } from './webhooks/deliveries.ts';
import type { JobsHost } from './webhooks/jobs-host.ts';

/** Kinds of repositories that this Hub holds. */
export type RepoType = 'model' | 'dataset';

/** Who a token stands for. */
export interface Account {
  /** User name; also the namespace that the account owns. */
  name: string;
  /** Organisations, whose namespaces the account may read and write like its own. Default: none. */
  orgs?: readonly string[];
  /** What the token may do. Default: `write`. */
  role?: 'read' | 'write';
}

/** How a Hub is served. */
export interface HubServerOptions {
  /**
   * The folder to serve. State lies in `.hub` below it; folders `<namespace>/<name>` and `datasets/<namespace>/<name>`
   * beside it that are no repositories yet are imported at start. It is created where it does not exist.
   */
  folder: string;
  /** TCP port; 0 takes a free one. Default: 0. */
  port?: number;
  /** Address to listen on. Default: `127.0.0.1`. */
  host?: string;
  /** Address that clients use, where it is not the one listened on (a proxy in front). No slash at the end. */
  publicUrl?: string;
  /**
   * Accounts by token (`hf_...`). Without any, on a loopback address, every `hf_...` token is an account `user-<8 digits of
   * its SHA-256>` and may write in any namespace; on another address nobody may write.
   */
  tokens?: Readonly<Record<string, Account>>;
  /**
   * Faults to begin with, for tests. Where this is given, be it an empty list, faults can also be set while the server
   * runs: by `HubServer.faults` and by `/_faults` over HTTP.
   */
  faults?: readonly Fault[];
  /** Most entries of one page of a listing. Default: 1000. */
  pageSize?: number;
  /** Bytes of one part of a multipart upload; files of at most this size are uploaded in one. Default: 64 MiB. */
  partSize?: number;
  /** Bounds of webhook deliveries. Default: 5 attempts of 10 s, pausing 1 s after the first and twice as long each time. */
  deliveries?: DeliveryLimits;
  /** Runs the jobs that webhooks start. Default: a webhook that starts a job is refused. */
  jobs?: JobsHost;
  /** Most milliseconds that `close` waits for requests under way. Default: 2000. */
  graceMs?: number;
  /** Close on SIGTERM and SIGINT. Default: false. */
  stopOnSignals?: boolean;
  /** Told what a person who runs the server may want to know: imports, given-up deliveries, faults of the server itself. */
  onNotice?: (notice: string) => void;
}
