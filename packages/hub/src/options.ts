import type { HubEvent } from './events.ts';

/** What every call to a Hub needs. `hubOptionsFromEnvironment` fills it in as Hugging Face's own tools would. */
export interface HubOptions {
  /** Address of the Hub without a trailing slash. Default `https://huggingface.co`. */
  hubUrl?: string | undefined;
  /** Access token (`hf_...`). Sent to `hubUrl` alone, never to the storage that it redirects to. */
  token?: string | undefined;
  /** Where `token` came from, as an error message may say it: `HF_TOKEN`, a file, an option. */
  tokenOrigin?: string | undefined;
  /** Folder of the Hugging Face cache: it holds `models--<namespace>--<name>`. */
  cacheDir: string;
  /** Use what the cache holds and never the network. Default false. */
  offline?: boolean | undefined;
  /** Put before hubfuse's own product name in `User-Agent`. */
  userAgent?: string | undefined;
  onProgress?: ((event: HubEvent) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Awaited before every request that may change something; what it throws keeps the request from being sent. */
  beforeWrite?: (() => Promise<void>) | undefined;
  /** Stands in for the global `fetch`. */
  fetch?: typeof fetch | undefined;
  /** How often and how long a failed request is tried again. */
  retry?: Partial<RetryLimits> | undefined;
  /** Milliseconds until a request must have been answered with headers. Default 30,000. */
  answerTimeoutMs?: number | undefined;
  /** Milliseconds for which a body may stand still. Default 30,000. */
  stallTimeoutMs?: number | undefined;
  /** Ranges that are downloaded at the same time, over all files. Default 8. */
  connections?: number | undefined;
  /** Bytes of one range of a download. Default 8 MiB. */
  rangeBytes?: number | undefined;
}

/** Ends of every retry. */
export interface RetryLimits {
  /** Requests in all, the first included. Default 6. */
  attempts: number;
  /** First pause; it doubles each time, with jitter. Default 500. */
  firstPauseMs: number;
  /** Longest pause of our own choice. Default 20,000. */
  longestPauseMs: number;
  /** Longest pause that a server may ask for by Retry-After or RateLimit; more is an error. Default 330,000. */
  longestAskedPauseMs: number;
}

export const DEFAULT_HUB_URL = 'https://huggingface.co';
