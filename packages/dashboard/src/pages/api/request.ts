import { type Problem, ProblemError, UNREACHABLE } from './problem.ts';

/** What a request sends along. */
export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Sent as JSON, or as YAML where it is a text. */
  body?: object | string;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

/** An answer with its etag, where it has one. */
export interface Answer<T> {
  value: T;
  etag?: string;
}

let csrf: string | undefined;
let onSignedOut: (() => void) | undefined;

/** The word against forged requests, which goes along with everything that changes something. In memory alone. */
export function rememberCsrf(token: string | undefined): void {
  csrf = token;
}

/** Told whenever the server wants to know who asks. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/** The address of a path of the API, below wherever this page lies. */
export function addressOf(path: string): string {
  return new URL(path, document.baseURI.replace(/#.*$/, '')).href;
}

/** Asks the API and reads its JSON. @throws ProblemError */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  return (await ask<T>(path, options)).value;
}

/** The same, with the etag of the answer. @throws ProblemError */
export async function ask<T>(path: string, options: RequestOptions = {}): Promise<Answer<T>> {
  const response = await send(path, options);
  const etag = response.headers.get('etag');
  const value = response.status === 204 ? undefined : await response.json();
  return { value: value as T, ...(etag === null ? {} : { etag }) };
}

/** Sends a request and looks at its status. @throws ProblemError */
export async function send(path: string, options: RequestOptions = {}): Promise<Response> {
  const { method = 'GET', body, headers = {}, signal } = options;
  const sent = new Headers(headers);
  if (body !== undefined) sent.set('content-type', typeof body === 'string' ? 'application/yaml' : 'application/json');
  if (csrf !== undefined && method !== 'GET') sent.set('x-csrf-token', csrf);
  let response: Response;
  try {
    response = await fetch(addressOf(path), {
      method,
      headers: sent,
      credentials: 'same-origin',
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ProblemError(UNREACHABLE);
  }
  if (response.ok) return response;
  if (response.status === 401 && path !== 'v1/session') onSignedOut?.();
  throw new ProblemError(await problemIn(response));
}

async function problemIn(response: Response): Promise<Problem> {
  const base = {
    title: response.statusText || `Status ${response.status}`,
    status: response.status,
    code: 'dashboard/refused',
  };
  if (!/json/.test(response.headers.get('content-type') ?? '')) return base;
  try {
    return { ...base, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return base;
  }
}
