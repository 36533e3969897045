import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';

/** Milliseconds for the phases of an upload. */
export interface PutTimeouts {
  stallMs: number;
  /** From the last byte sent until the answer. */
  answerMs: number;
}

/**
 * Sends a Blob by PUT in bounded memory. Node's `fetch` reads a Blob body into memory before it sends it (measured: 5 GiB
 * for a file of 5 GiB), so this goes over node:http, piece by piece, with the length stated.
 * @throws the connection's error, or a `TimeoutError`
 */
export async function putBlob(input: {
  address: string;
  headers: Headers;
  body: Blob;
  signal: AbortSignal;
  timeouts: PutTimeouts;
  onSent?: ((bytes: number) => void) | undefined;
}): Promise<Response> {
  const { address, body, signal, timeouts } = input;
  const headers: Record<string, string> = Object.fromEntries(input.headers);
  headers['content-length'] = String(body.size);
  const send = new URL(address).protocol === 'https:' ? requestHttps : requestHttp;
  const request = send(address, { method: 'PUT', headers, signal });
  const expire = (what: string) => () =>
    request.destroy(new DOMException(`the upload ${what} for too long`, 'TimeoutError'));
  request.setTimeout(timeouts.stallMs, expire('stood still'));

  const answer = new Promise<Response>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const status = incoming.statusCode ?? 500;
        const empty = status === 204 || status === 205 || status === 304;
        const received = new Headers();
        for (const [name, value] of Object.entries(incoming.headers)) {
          if (value !== undefined) received.set(name, Array.isArray(value) ? value.join(', ') : value);
        }
        resolve(new Response(empty ? null : Buffer.concat(chunks), { status, headers: received }));
      });
    });
  });
  const sent = pipeline(counted(body, input.onSent), request).then(() =>
    request.setTimeout(timeouts.answerMs, expire('was not answered')),
  );
  // A server may refuse before it has read everything: its answer counts then, not the broken pipe.
  const [result, sending] = await Promise.allSettled([answer, sent]);
  if (result.status === 'fulfilled') {
    if (!request.writableFinished) request.destroy();
    return result.value;
  }
  throw sending.status === 'rejected' ? (sending.reason as Error) : result.reason;
}

async function* counted(body: Blob, onSent: ((bytes: number) => void) | undefined): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body.stream() as ReadableStream<Uint8Array>) {
    yield chunk;
    bytes += chunk.byteLength;
    onSent?.(bytes);
  }
}
