import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Bucket, S3Refusal } from './bucket.ts';
import { checkBody } from './checksums.ts';
import { isSigned } from './signature.ts';

/** What a request meets instead of an answer. */
export interface S3Fault {
  /** Method of the requests that meet it. */
  method: string;
  /** `lost`: carried out, but the answer never comes. `cut`: half of the body comes. Others are statuses. */
  kind: 'lost' | 'cut' | 500 | 503;
  /** How many requests meet it. */
  times: number;
}

export interface S3Double {
  /** `http://127.0.0.1:port` */
  endpoint: string;
  /** Address of a store below a prefix of a bucket, which is made. */
  storeUrl(bucket: string, prefix?: string): string;
  bucket(name: string): Bucket;
  fail(fault: S3Fault): void;
  /** Method and path of every request. */
  requests: string[];
  close(): Promise<void>;
}

/**
 * A server that speaks S3 as far as a store needs it, faithful to AWS in signatures, checksums, conditions, multipart
 * uploads, ranges and listings.
 * @param options.redirects Readers are sent elsewhere, as the gateway of Hugging Face's buckets does
 */
export async function startS3Double(options: { redirects?: boolean } = {}): Promise<S3Double> {
  const buckets = new Map<string, Bucket>();
  const faults: S3Fault[] = [];
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response).catch((error: unknown) => refuse(response, error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const url = new URL(request.url ?? '/', 'http://double');
    const fault = faults.find(({ method, times }) => method === request.method && times > 0);
    if (fault !== undefined) fault.times--;
    if (typeof fault?.kind === 'number') throw new S3Refusal(fault.kind, 'InternalError');
    if (url.searchParams.has('elsewhere')) {
      send(request, response, objectOf(url.searchParams.get('elsewhere') ?? ''), fault);
      return;
    }
    if (!isSigned(request, body)) throw new S3Refusal(403, 'SignatureDoesNotMatch');
    checkBody(request.headers, body);
    const [, name = '', key = ''] = /^\/([^/]+)\/?(.*)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    const bucket = buckets.get(name);
    if (bucket === undefined) throw new S3Refusal(404, 'NoSuchBucket');
    if (request.method === 'GET' && key !== '' && options.redirects === true) {
      const presigned = url.searchParams.has('X-Amz-Signature');
      // Whoever follows with the signature in a header would hand it to a stranger.
      if (!presigned) throw new S3Refusal(302, 'Found');
      response.writeHead(302, { location: `/?elsewhere=${encodeURIComponent(`${name}/${key}`)}` }).end();
      return;
    }
    if (request.method === 'GET' && key !== '') return send(request, response, bucket.get(key), fault);
    const [status, headers, text] = act(request, { url, bucket, key, body });
    if (fault?.kind === 'lost') response.destroy();
    else response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : text);
  }

  function objectOf(path: string) {
    const cut = path.indexOf('/');
    const bucket = buckets.get(path.slice(0, cut));
    if (bucket === undefined) throw new S3Refusal(404, 'NoSuchBucket');
    return bucket.get(path.slice(cut + 1));
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const bucketNamed = (name: string): Bucket => {
    const bucket = buckets.get(name) ?? new Bucket();
    buckets.set(name, bucket);
    return bucket;
  };
  return {
    endpoint,
    storeUrl(bucket, prefix = '') {
      bucketNamed(bucket);
      return `s3://${bucket}/${prefix}?endpoint=${endpoint}`;
    },
    bucket: bucketNamed,
    fail: (fault) => void faults.push(fault),
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Answer = [status: number, headers: Record<string, string>, text: string];

function act(request: IncomingMessage, on: { url: URL; bucket: Bucket; key: string; body: Buffer }): Answer {
  const { url, bucket, key, body } = on;
  const query = url.searchParams;
  const upload = query.get('uploadId');
  switch (`${request.method} ${key === '' ? 'bucket' : 'object'}`) {
    case 'GET bucket':
      return [200, { 'content-type': 'application/xml' }, listing(bucket, query)];
    case 'HEAD object': {
      const found = bucket.get(key);
      return [200, { etag: found.etag, 'content-length': String(found.body.length) }, ''];
    }
    case 'PUT object': {
      if (upload !== null) return [200, { etag: bucket.part(upload, Number(query.get('partNumber')), body) }, ''];
      const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers;
      return [200, { etag: bucket.put(key, body, { ifMatch, ifNoneMatch }) }, ''];
    }
    case 'POST object': {
      if (upload === null) return [200, {}, xml('InitiateMultipartUploadResult', { UploadId: bucket.begin(key) })];
      const text = body.toString().replaceAll('&quot;', '"');
      const parts = [...text.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
        number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
        etag: /<ETag>(.*?)<\/ETag>/.exec(part)?.[1] ?? '',
      }));
      return [200, {}, xml('CompleteMultipartUploadResult', { ETag: bucket.complete(upload, parts) })];
    }
    case 'DELETE object':
      if (upload === null) bucket.objects.delete(key);
      else bucket.uploads.delete(upload);
      return [204, {}, ''];
    default:
      throw new S3Refusal(405, 'MethodNotAllowed');
  }
}

function listing(bucket: Bucket, query: URLSearchParams): string {
  const limit = Math.min(1000, Number(query.get('max-keys') ?? 1000));
  const { keys, more } = bucket.list({
    prefix: query.get('prefix') ?? '',
    after: query.get('start-after') ?? '',
    limit,
  });
  const contents = keys.map((key) => `<Contents><Key>${escapeXml(key)}</Key></Contents>`).join('');
  return `<ListBucketResult><IsTruncated>${more}</IsTruncated>${contents}</ListBucketResult>`;
}

/** An object, or the part of it that the request asks for. */
function send(
  request: IncomingMessage,
  response: ServerResponse,
  { body, etag }: { body: Buffer; etag: string },
  fault: S3Fault | undefined,
): void {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(first ?? 0);
  if (first !== undefined && start >= body.length) throw new S3Refusal(416, 'InvalidRange');
  const part = body.subarray(start, last === undefined || last === '' ? undefined : Number(last) + 1);
  const headers = { etag, 'content-length': part.length };
  if (first === undefined) response.writeHead(200, headers);
  else {
    response.writeHead(206, {
      ...headers,
      'content-range': `bytes ${start}-${start + part.length - 1}/${body.length}`,
    });
  }
  if (fault?.kind === 'cut') response.write(part.subarray(0, part.length / 2), () => response.destroy());
  else response.end(part);
}

function refuse(response: ServerResponse, error: unknown): void {
  const { status, code } = error instanceof S3Refusal ? error : { status: 500, code: 'InternalError' };
  response.writeHead(status, { 'content-type': 'application/xml' }).end(xml('Error', { Code: code, Message: code }));
}

function xml(root: string, fields: Readonly<Record<string, string>>): string {
  const inner = Object.entries(fields).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  return `<?xml version="1.0" encoding="UTF-8"?><${root}>${inner.join('')}</${root}>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
