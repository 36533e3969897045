import type { ApiContext } from '../http/api-env.ts';
import { ApiError } from '../http/api-error.ts';
import { rangeOf } from '../http/range.ts';
import { FOREIGN_PAGE_POLICY } from '../http/security-headers.ts';
import type { ArtefactFile } from './artefacts.ts';

const BINARY = 'application/octet-stream';
/** What a browser may show instead of saving it. Pages show themselves and reach nothing. */
const SHOWN: readonly (readonly [ending: string, type: string])[] = [
  ['.json', 'application/json'],
  ['.md', 'text/plain; charset=utf-8'],
  ['.txt', 'text/plain; charset=utf-8'],
  ['.html', 'text/html; charset=utf-8'],
];

/** Answers with a file, or with the part of it that was asked for. @throws ApiError 416 */
export async function sendFile(c: ApiContext, file: ArtefactFile): Promise<Response> {
  const size = file.size ?? (await measure(file));
  const etag = file.sha256 === undefined ? undefined : `"${file.sha256}"`;
  const type = SHOWN.find(([ending]) => file.path.endsWith(ending))?.[1];
  const headers: Record<string, string> = {
    'accept-ranges': 'bytes',
    'cache-control': 'private, no-cache',
    'content-type': type ?? BINARY,
    ...(etag === undefined ? {} : { etag }),
    ...(type === undefined ? { 'content-disposition': `attachment; filename*=UTF-8''${nameOf(file.path)}` } : {}),
    ...(type?.startsWith('text/html') ? { 'content-security-policy': FOREIGN_PAGE_POLICY } : {}),
  };
  if (etag !== undefined && c.req.header('if-none-match') === etag) return c.body(null, 304, { etag });
  const condition = c.req.header('if-range');
  const wanted = condition === undefined || condition === etag ? c.req.header('range') : undefined;
  const range = rangeOf(wanted, size);
  if (range === 'unsatisfiable') {
    throw new ApiError({
      status: 416,
      code: 'request/range',
      message: `the file has ${size} bytes, and the range is beyond them`,
      headers: { 'content-range': `bytes */${size}` },
    });
  }
  if (range === undefined) return c.body(streamOf(file.open()), 200, { ...headers, 'content-length': String(size) });
  return c.body(streamOf(file.open(range)), 206, {
    ...headers,
    'content-length': String(range.end - range.start),
    'content-range': `bytes ${range.start}-${range.end - 1}/${size}`,
  });
}

function nameOf(path: string): string {
  return encodeURIComponent(path.split('/').at(-1) ?? 'file').replaceAll("'", '%27');
}

async function measure(file: ArtefactFile): Promise<number> {
  let size = 0;
  for await (const piece of file.open()) size += piece.byteLength;
  return size;
}

function streamOf(body: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  return ReadableStream.from(body) as ReadableStream<Uint8Array>;
}
