import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { parseRange } from './range.ts';
import type { HubRequest } from './request.ts';

/** What is sent: bytes in memory, or a file of the disk. */
export type Content = { bytes: Uint8Array } | { file: string; size: number };

/**
 * Replies with a content or the part that the request asks for. Files go from the disk to the socket as fast as the
 * client takes them, never whole through memory.
 */
export async function sendContent(
  c: HubRequest,
  { content, etag, headers }: { content: Content; etag: string; headers: Readonly<Record<string, string>> },
): Promise<Response> {
  const size = 'bytes' in content ? content.bytes.length : content.size;
  const common = { ...headers, ETag: etag, 'Accept-Ranges': 'bytes' };
  if (c.req.header('if-none-match') === etag) return new Response(null, { status: 304, headers: common });
  const staleCondition = c.req.header('if-range') !== undefined && c.req.header('if-range') !== etag;
  const range = staleCondition ? undefined : parseRange(c.req.header('range'), size);
  if (range === 'unsatisfiable') {
    return new Response(null, { status: 416, headers: { ...common, 'Content-Range': `bytes */${size}` } });
  }
  const { start, end } = range ?? { start: 0, end: size };
  const status = range === undefined ? 200 : 206;
  const complete = {
    ...common,
    'Content-Length': String(end - start),
    ...(range === undefined ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${size}` }),
  };
  const { outgoing, incoming } = c.env;
  outgoing.writeHead(status, complete);
  if (incoming.method === 'HEAD' || end === start) outgoing.end();
  else if ('bytes' in content) outgoing.end(content.bytes.subarray(start, end));
  else {
    try {
      await pipeline(createReadStream(content.file, { start, end: end - 1, highWaterMark: 1 << 20 }), outgoing);
    } catch {
      // The client went away, or the disk failed after the headers were sent: either way only the connection tells.
      outgoing.destroy();
    }
  }
  return RESPONSE_ALREADY_SENT;
}
