import { HubError } from '@hubfuse/plugin';
import { AddressGuard, lookUpHost } from './address-guard.ts';
import { followRedirects } from './follow-redirects.ts';
import { type LinkedAbort, linkSignals } from './linked-abort.ts';
import { DEFAULT_HUB_URL, type HubOptions } from './options.ts';
import { RateGate } from './rate-gate.ts';
import { networkFailure, statusFailure } from './request-failures.ts';
import { isTransientStatus } from './retry.ts';
import { putBlob } from './streaming-put.ts';
import { checkedToken, showAddress } from './token.ts';
import { type Clock, SYSTEM_CLOCK, withRetry } from './transient.ts';
import { userAgent } from './version.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
/** Writing takes a server longer than reading: it hashes what it was sent and commits many files at once. */
const WRITE_TIMEOUT_FACTOR = 10;

/** A response whose body is still to come, piece by piece, under a time-out for standing still. */
export interface OpenResponse {
  response: Response;
  body: AsyncGenerator<Uint8Array>;
  /** Ends the connection where the body is not read to its end. */
  close(): void;
}

/** How this package talks over HTTP: time-outs, retries with an end, rate limits, and the token to its Hub alone. */
export interface Transport {
  readonly options: HubOptions;
  readonly hubUrl: string;
  readonly clock: Clock;
  /**
   * Like `fetch`, but tries again what may succeed later and reads the body before it returns. Responses that are not
   * transient are returned whatever their status. Redirects are followed as far as `AddressGuard` permits.
   */
  fetch: typeof fetch;
  /**
   * One attempt, whose answer may be a redirect.
   * @throws TransientFailure for a transient status, a network failure or a time-out; HubError `hub/redirect-refused` for an
   * address that the Hub must not lead to
   */
  open(address: string, init?: RequestInit): Promise<OpenResponse>;
}

/** @throws HubError `hub/bad-token` where the token has not the form of one */
export function createTransport(options: HubOptions, clock: Clock = SYSTEM_CLOCK): Transport {
  const hubUrl = options.hubUrl ?? DEFAULT_HUB_URL;
  const token = checkedToken(options);
  const gate = new RateGate(options, clock);
  const send = options.fetch ?? fetch;
  // What stands in for the network knows by itself what its names mean.
  const guard = new AddressGuard({ hubUrl, lookUp: options.fetch === undefined ? lookUpHost : undefined });

  async function open(address: string, init: RequestInit = {}): Promise<OpenResponse> {
    refuseOffline(address, options);
    await guard.check(address);
    await gate.pass(address);
    const reading = ['GET', 'HEAD'].includes(init.method ?? 'GET');
    // Behind every pause, so that as little time as possible lies between the answer and the request.
    if (!reading) await options.beforeWrite?.();
    const request = `${init.method ?? 'GET'} ${showAddress(address)}`;
    const abort = linkSignals([options.signal, init.signal ?? undefined]);
    const headers = requestHeaders({ address, init, hubUrl, token, options });
    const answerMs = (options.answerTimeoutMs ?? DEFAULT_TIMEOUT_MS) * (reading ? 1 : WRITE_TIMEOUT_FACTOR);
    const stallMs = options.stallTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    const fail = (cause: unknown): never => {
      abort.release();
      abort.throwIfOuter();
      throw networkFailure({ request, cause, hubUrl: new URL(address).origin, token });
    };
    let response: Response;
    try {
      response =
        init.body instanceof Blob && init.method === 'PUT' && options.fetch === undefined
          ? await putBlob({
              address,
              headers,
              body: init.body,
              signal: abort.signal,
              timeouts: { stallMs, answerMs },
              onSent: progressOf(init),
            })
          : await abort.within(answerMs, 'no answer', () =>
              send(address, { ...init, headers, redirect: 'manual', signal: abort.signal }),
            );
    } catch (cause) {
      return fail(cause);
    }
    gate.note(address, response.headers);
    if (isTransientStatus(response.status)) {
      const failure = statusFailure({ request, response, clock, token });
      abort.close();
      throw failure;
    }
    return { response, body: readBody({ response, abort, stallMs, fail }), close: abort.close };
  }

  async function bufferedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const address = input instanceof Request ? input.url : String(input);
    return await withRetry({
      request: `${init?.method ?? 'GET'} ${showAddress(address)}`,
      options,
      clock,
      attempt: async () => {
        const { opened, address: last } = await followRedirects({ open, address, init });
        const pieces: Uint8Array[] = [];
        for await (const piece of opened.body) pieces.push(piece);
        return bufferedResponse(opened.response, Buffer.concat(pieces), last);
      },
    });
  }

  return { options, hubUrl, clock, fetch: bufferedFetch, open };
}

function bufferedResponse(response: Response, bytes: Uint8Array<ArrayBuffer>, address: string): Response {
  const { status, statusText, headers } = response;
  const bodiless = status === 204 || status === 205 || status === 304;
  const buffered = new Response(bodiless ? null : bytes, { status, statusText, headers });
  // The constructor leaves `url` empty; @huggingface/hub reads it.
  Object.defineProperty(buffered, 'url', { value: response.url || address });
  return buffered;
}

function refuseOffline(address: string, options: HubOptions): void {
  if (options.offline !== true) return;
  throw new HubError({
    code: 'hub/offline',
    where: showAddress(address),
    message: 'the network is switched off (HF_HUB_OFFLINE) and this is not in the cache',
    hint: 'unset HF_HUB_OFFLINE, or fetch it beforehand with `hubfuse pull`',
  });
}

function requestHeaders(input: {
  address: string;
  init: RequestInit;
  hubUrl: string;
  token: string | undefined;
  options: HubOptions;
}): Headers {
  const headers = new Headers(input.init.headers);
  headers.set('user-agent', userAgent(input.options.userAgent));
  // A Hub may send addresses of other hosts (pages of a listing, storage); they must not learn the token.
  if (input.token !== undefined && new URL(input.address).origin === new URL(input.hubUrl).origin) {
    headers.set('authorization', `Bearer ${input.token}`);
  } else {
    headers.delete('authorization');
  }
  return headers;
}

async function* readBody(input: {
  response: Response;
  abort: LinkedAbort;
  stallMs: number;
  fail(cause: unknown): never;
}): AsyncGenerator<Uint8Array> {
  const { response, abort, stallMs, fail } = input;
  if (response.body === null) return abort.release();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const piece = await abort.within(stallMs, 'the body stood still', () => reader.read()).catch(fail);
      if (piece.done) return;
      yield piece.value as Uint8Array;
    }
  } finally {
    abort.close();
    reader.cancel().catch(() => undefined);
  }
}

/** @huggingface/hub hands a callback for upload progress through the options of its `fetch` calls. */
function progressOf(init: RequestInit): ((bytes: number) => void) | undefined {
  const hint = (init as { progressHint?: { progressCallback?: (fraction: number) => void } }).progressHint;
  const callback = hint?.progressCallback;
  const size = init.body instanceof Blob ? init.body.size : 0;
  return callback === undefined || size === 0 ? undefined : (bytes) => callback(bytes / size);
}
