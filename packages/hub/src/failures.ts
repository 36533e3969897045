import { HubError } from '@hubfuse/plugin';
import type { HubOptions } from './options.ts';
import type { RepoType } from './source.ts';
import { redact } from './token.ts';

/** What a request was about, for messages. */
export interface Subject {
  hubUrl: string;
  type: RepoType;
  repo: string;
  revision?: string | undefined;
  path?: string | undefined;
  /** What was tried, as a verb phrase: `read`, `publish to`. */
  action?: string | undefined;
}

/** A response that is not ok, with its body read. */
export interface Refusal {
  status: number;
  headers: Headers;
  body: string;
}

/**
 * The error for a refusal. A Hub names the reason in `X-Error-Code` and `X-Error-Message`; where it does not, the status
 * and whether a token was sent decide.
 */
export function explainRefusal(refusal: Refusal, subject: Subject, options: HubOptions): HubError {
  const said = redact(saidBy(refusal), options.token);
  const where = `${subject.hubUrl}/${subject.type === 'dataset' ? 'datasets/' : ''}${subject.repo}`;
  const details = { where, ...describe(refusal, said, subject, options) };
  return new HubError(details);
}

/** What the Hub says of a refusal, not yet redacted. */
export function saidBy({ headers, body }: Refusal): string {
  const header = headers.get('x-error-message');
  if (header !== null && header !== '') return header;
  try {
    const parsed = JSON.parse(body) as { error?: unknown; message?: unknown };
    const text = parsed.error ?? parsed.message;
    if (typeof text === 'string') return text;
  } catch {
    // Not JSON: a proxy's page; its first words are worth showing.
  }
  return body
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200);
}

function describe(
  { status, headers }: Refusal,
  said: string,
  subject: Subject,
  options: HubOptions,
): { code: string; message: string; hint?: string } {
  const { repo, type } = subject;
  const code = headers.get('x-error-code') ?? '';
  const hasToken = options.token !== undefined && options.token !== '';
  const origin = options.tokenOrigin ?? 'the options';
  const page = `${subject.hubUrl}/${type === 'dataset' ? 'datasets/' : ''}${repo}`;

  if (/access to this resource is disabled/i.test(said) || code === 'DisabledRepo') {
    return {
      code: 'hub/disabled',
      message: `${repo} was disabled by the Hub; nobody can read it`,
      hint: `see ${page} for the reason, and take another ${type}`,
    };
  }
  if (code === 'GatedRepo') {
    return hasToken
      ? {
          code: 'hub/gated',
          message: `${repo} is gated and the account of the token from ${origin} has not been given access`,
          hint: `accept its terms at ${page}, then run again`,
        }
      : {
          code: 'hub/gated',
          message: `${repo} is gated: its terms must be accepted by an account, and there is no token`,
          hint: `accept its terms at ${page}, then set HF_TOKEN or run \`hf auth login\``,
        };
  }
  if (code === 'RevisionNotFound') {
    return {
      code: 'hub/revision-not-found',
      message: `${repo} has no branch, tag or commit "${subject.revision ?? ''}"`,
      hint: `see ${page}/refs, or leave the revision out for main`,
    };
  }
  if (code === 'EntryNotFound') {
    return {
      code: 'hub/file-not-found',
      message: `${repo} has no file "${subject.path ?? ''}" at ${subject.revision ?? 'main'}`,
    };
  }
  if (status === 401 && (/invalid credentials|invalid.*token|expired/i.test(said) || (hasToken && code === ''))) {
    return {
      code: 'hub/bad-token',
      message: `the Hub does not accept the token from ${origin}${said === '' ? '' : ` ("${said}")`}`,
      hint: `make a new one at ${subject.hubUrl}/settings/tokens`,
    };
  }
  if (status === 401) {
    return {
      code: hasToken ? 'hub/repo-not-found' : 'hub/no-token',
      message: hasToken
        ? `there is no ${type} ${repo} that the token from ${origin} may see`
        : `${repo} is private or does not exist; without a token the Hub does not say which`,
      hint: hasToken
        ? 'look for a typing error in the name, or use a token of an account that may see it'
        : 'look for a typing error in the name; if it is private, set HF_TOKEN or run `hf auth login`',
    };
  }
  if (status === 403 && /private/i.test(said)) {
    return {
      code: 'hub/private',
      message: `${repo} is private and the token from ${origin} may not read it`,
      hint: 'use a token of an account that may see it, with read access to its contents',
    };
  }
  if (status === 403) {
    return {
      code: 'hub/forbidden',
      message: `the Hub does not let ${hasToken ? `the token from ${origin}` : 'a visitor without token'} ${subject.action ?? 'read'} ${repo}${said === '' ? '' : ` ("${said}")`}`,
      hint: `the token needs ${subject.action === undefined ? 'read' : 'write'} access to ${repo.split('/')[0] ?? repo}; see ${subject.hubUrl}/settings/tokens`,
    };
  }
  if (status === 404 || code === 'RepoNotFound') {
    return {
      code: 'hub/repo-not-found',
      message: hasToken
        ? `there is no ${type} ${repo}, or it is private and the token from ${origin} may not see it`
        : `there is no ${type} ${repo}, or it is private`,
      hint: `look for a typing error in the name${hasToken ? '' : '; if it is private, set HF_TOKEN or run `hf auth login`'}`,
    };
  }
  if (status === 413) {
    return {
      code: 'hub/too-large',
      message: `the Hub finds the request too large${said === '' ? '' : ` ("${said}")`}`,
    };
  }
  return {
    code: status >= 500 ? 'hub/unavailable' : 'hub/refused',
    message: `the Hub answered ${status}${said === '' ? '' : ` ("${said}")`} to an attempt to ${subject.action ?? 'read'} ${repo}`,
    ...(status >= 500 ? { hint: "this is the server's trouble: try later" } : {}),
  };
}
