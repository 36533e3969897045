import { HubError } from '@hubfuse/plugin';
import type { HubOptions } from './options.ts';

/** Anything that has the form of an access token, and what signs the storage addresses that a Hub redirects to. */
const SECRETS =
  /\bhf_(?:oauth_[\w.-]{8,}|[A-Za-z0-9]{20,})|((?:Signature|X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token|Policy)=)[^&\s"]+/g;

/** `text` without the token, without other tokens and without signatures. */
export function redact(text: string, token?: string): string {
  const known = token === undefined || token === '' ? text : text.replaceAll(token, '[token]');
  return known.replace(SECRETS, (_match, name: string | undefined) =>
    name === undefined ? '[token]' : `${name}[...]`,
  );
}

/** An address that may be shown: without query, user and fragment. */
export function showAddress(address: string): string {
  if (!URL.canParse(address)) return redact(address);
  const url = new URL(address);
  return redact(`${url.origin}${url.pathname}`);
}

/** A cause that may be shown: the same kind of error with its message redacted and nothing else of it kept. */
export function safeCause(cause: unknown, token?: string): Error {
  if (!(cause instanceof Error)) return new Error(redact(String(cause), token));
  const inner = cause.cause instanceof Error ? ` (${cause.cause.message})` : '';
  const safe = new Error(redact(`${cause.message}${inner}`, token));
  safe.name = cause.name;
  return safe;
}

/**
 * The token of the options, checked for the form that the Hub's client insists on; undefined where there is none.
 * @throws HubError `hub/bad-token`
 */
export function checkedToken(options: Pick<HubOptions, 'token' | 'tokenOrigin'>): string | undefined {
  const token = options.token === '' ? undefined : options.token;
  if (token !== undefined && !/^hf_\S+$/.test(token)) {
    throw new HubError({
      code: 'hub/bad-token',
      message: `the token from ${options.tokenOrigin ?? 'the options'} is not an access token: those begin with hf_`,
      hint: 'make one at <hub>/settings/tokens and set HF_TOKEN, or run `hf auth login`',
    });
  }
  return token;
}

/** The token, for what needs one. @throws HubError `hub/no-token` or `hub/bad-token` */
export function requiredToken(options: Pick<HubOptions, 'token' | 'tokenOrigin'>, purpose: string): string {
  const token = checkedToken(options);
  if (token !== undefined) return token;
  throw new HubError({
    code: 'hub/no-token',
    message: `${purpose} needs an access token and there is none`,
    hint: 'set HF_TOKEN, or run `hf auth login`',
  });
}
