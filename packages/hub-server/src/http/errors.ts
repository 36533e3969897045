import { HubError } from '@hubfuse/plugin';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { hasCode } from '../storage/atomic-file.ts';

/** The Hub's own names of what went wrong, in the header `X-Error-Code`. */
export type HubErrorCode = 'RepoNotFound' | 'EntryNotFound' | 'RevisionNotFound' | 'GatedRepo' | 'DisabledRepo';

/** A refusal that a client gets to see. */
export class HubRefusal extends HubError {
  readonly status: ContentfulStatusCode;
  readonly errorCode: HubErrorCode | undefined;
  /** Further fields of the JSON body. */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(refusal: {
    status: ContentfulStatusCode;
    message: string;
    errorCode?: HubErrorCode;
    fields?: Readonly<Record<string, unknown>>;
  }) {
    super({ code: `hub-server/${refusal.errorCode ?? refusal.status}`, message: refusal.message });
    this.status = refusal.status;
    this.errorCode = refusal.errorCode;
    this.fields = refusal.fields ?? {};
  }
}

export function badRequest(message: string): HubRefusal {
  return new HubRefusal({ status: 400, message });
}

/** What a client without a usable token gets where one is needed. */
export function unauthorized(): HubRefusal {
  return new HubRefusal({ status: 401, message: 'Invalid username or password.' });
}

export function revisionNotFound(revision: string): HubRefusal {
  return new HubRefusal({ status: 404, errorCode: 'RevisionNotFound', message: `Invalid rev id: ${revision}` });
}

export function entryNotFound(path: string): HubRefusal {
  return new HubRefusal({ status: 404, errorCode: 'EntryNotFound', message: `Entry not found: ${path}` });
}

/** Status of errors that the storage raises because of what a client sent. */
const STATUS_BY_CODE: Readonly<Record<string, ContentfulStatusCode>> = {
  'hub-server/bad-commit': 400,
  'hub-server/blob-mismatch': 400,
  'hub-server/bad-id': 400,
  'hub-server/bad-xet': 400,
  'hub-server/gone': 404,
};

/** The reply to a request whose handler threw. `onNotice` gets to know what is wrong with the server itself. */
export function errorReply(error: Error, c: Context, onNotice: (notice: string) => void): Response {
  if (error instanceof HubRefusal) {
    if (error.errorCode !== undefined) c.header('X-Error-Code', error.errorCode);
    c.header('X-Error-Message', error.summary.replace(/[^\x20-\x7e]/g, '?'));
    if (error.status === 401) c.header('WWW-Authenticate', 'Bearer realm="Authentication required"');
    return c.json({ error: error.summary, ...error.fields }, error.status);
  }
  if (error instanceof HubError) {
    const status = STATUS_BY_CODE[error.code] ?? 500;
    if (status === 500) onNotice(error.message);
    return c.json({ error: error.summary, code: error.code }, status);
  }
  // A client that went away in the middle of its request is no fault of the server.
  const clientLeft = hasCode(error, 'ECONNRESET') || hasCode(error, 'ERR_STREAM_PREMATURE_CLOSE');
  // What broke inside is for who runs the server, not for who asks.
  if (!clientLeft) onNotice(`${c.req.method} ${c.req.path} failed: ${error.stack ?? error.message}`);
  return c.json({ error: 'Internal Error - We are working hard to fix this as soon as possible!' }, 500);
}
