import { HubError } from '@hubfuse/plugin';
import type { Refusal } from './failures.ts';
import { showAddress } from './token.ts';
import { withRetry } from './transient.ts';
import type { Transport } from './transport.ts';

/** After these a request may have been carried out. */
export const LOST_ANSWER: ReadonlySet<string> = new Set(['hub/unreachable', 'hub/timeout', 'hub/unavailable']);

/**
 * Sends JSON in a request that must not be repeated blindly: where an answer is lost, what `recognise` finds on the Hub
 * decides whether it was carried out.
 * @returns the answer, or what was recognised
 * @throws the HubError that explains a refusal, or one of the network's
 */
export async function postOnce<T>(request: {
  transport: Transport;
  address: string;
  /** JSON; a text goes as it is, as `contentType`. */
  body?: unknown;
  /** Default: `application/json`. */
  contentType?: string;
  /** The error for a refusal. */
  refuse(refusal: Refusal): HubError;
  /** Looks for what an earlier attempt did. */
  recognise(): Promise<T | undefined>;
  /** Reads the answer's JSON. */
  read(answer: unknown): T;
}): Promise<T> {
  const { transport, address, body, contentType = 'application/json', refuse, recognise, read } = request;
  const post = async (): Promise<T> => {
    const { response, body: pieces } = await transport.open(address, {
      method: 'POST',
      headers: { 'content-type': contentType },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const bytes: Uint8Array[] = [];
    for await (const piece of pieces) bytes.push(piece);
    const text = Buffer.concat(bytes).toString('utf8');
    if (response.ok) return read(parseAnswer(text, address));
    throw refuse({ status: response.status, headers: response.headers, body: text });
  };
  try {
    return await withRetry({
      request: `POST ${showAddress(address)}`,
      options: transport.options,
      clock: transport.clock,
      attempt: async (number) => (number > 1 ? await recognise() : undefined) ?? (await post()),
    });
  } catch (failure) {
    if (!(failure instanceof HubError) || !LOST_ANSWER.has(failure.code)) throw failure;
    const earlier = await recognise().catch(() => undefined);
    if (earlier === undefined) throw failure;
    return earlier;
  }
}

/** @throws HubError `hub/bad-answer` */
export function parseAnswer(text: string, address: string): unknown {
  try {
    return text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    throw badAnswer(address);
  }
}

/** What answered is no Hub, or one that this program does not understand. */
export function badAnswer(address: string): HubError {
  return new HubError({
    code: 'hub/bad-answer',
    where: showAddress(address),
    message: 'this address does not answer as a Hub does',
    hint: 'look for a typing error in it',
  });
}
