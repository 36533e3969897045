import { HubError } from '@hubfuse/plugin';
import { askedPause } from './retry.ts';
import { safeCause } from './token.ts';
import { type Clock, TransientFailure } from './transient.ts';

const RATE_HINTS = {
  visitor: 'try later; with a token the limits are wider',
  account: 'try later, or with fewer programs at once: the limits are those of the account',
};

/** The failure that a transient status is. */
export function statusFailure(input: {
  request: string;
  response: Response;
  clock: Clock;
  token: string | undefined;
}): TransientFailure {
  const { request, response, clock, token } = input;
  const { status } = response;
  const askedMs = askedPause(response.headers, clock.now()).pauseMs;
  const wait = askedMs === undefined ? '' : `; it asks to wait ${Math.ceil(askedMs / 1000)} s`;
  const limited = status === 429;
  const final = new HubError({
    code: limited ? 'hub/rate-limited' : 'hub/unavailable',
    where: request,
    message: limited ? `the Hub is being asked too often${wait}` : `the Hub answered ${status}, again and again${wait}`,
    hint: limited ? RATE_HINTS[token === undefined ? 'visitor' : 'account'] : "this is the server's trouble: try later",
  });
  return new TransientFailure({ reason: String(status), final, askedMs });
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/;

/** The failure that a broken connection or a time-out is: one to try again, or for good. */
export function networkFailure(input: {
  request: string;
  cause: unknown;
  hubUrl: string;
  token: string | undefined;
}): TransientFailure | HubError {
  const { request, hubUrl, token } = input;
  const cause = safeCause(input.cause, token);
  const code = codeOf(input.cause);
  if (cause.name === 'TimeoutError') {
    const final = new HubError({
      code: 'hub/timeout',
      where: request,
      message: `the Hub is too slow: ${cause.message}`,
      hint: 'check the connection, then run again: what was transferred is kept',
    });
    return new TransientFailure({ reason: cause.message, final });
  }
  const final = new HubError({
    code: CERTIFICATE.test(code) ? 'hub/certificate' : 'hub/unreachable',
    where: request,
    message: `${hubUrl} cannot be reached: ${cause.message}`,
    hint: CERTIFICATE.test(code)
      ? 'a proxy with its own certificate? Point NODE_EXTRA_CA_CERTS at it'
      : 'check the address and the connection, then run again: what was transferred is kept',
    cause,
  });
  return CERTIFICATE.test(code) ? final : new TransientFailure({ reason: code || cause.message, final });
}

function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return '';
}
