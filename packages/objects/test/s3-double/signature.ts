import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** What every client of the double signs with. */
export const CREDENTIALS = { accessKeyId: 'double', secretAccessKey: 'double-secret' };

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Whether a request carries the signature that AWS Signature Version 4 gives it, in its headers or in its address. */
export function isSigned(request: IncomingMessage, body: Uint8Array): boolean {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const parameters = new URLSearchParams(query);
  const presigned = parameters.get('X-Amz-Signature');
  const header = presigned === null ? parseHeader(request.headers.authorization ?? '') : fromQuery(parameters);
  const [accessKey, day = '', region = '', service = ''] = header.credential.split('/');
  if (accessKey !== CREDENTIALS.accessKeyId) return false;
  const time = (presigned === null ? request.headers['x-amz-date'] : parameters.get('X-Amz-Date')) ?? '';
  const payload = presigned === null ? String(request.headers['x-amz-content-sha256']) : 'UNSIGNED-PAYLOAD';
  if (/^[0-9a-f]{64}$/.test(payload) && payload !== sha256(body)) return false;
  const canonical = [
    request.method,
    path,
    query
      .split('&')
      .filter((pair) => pair !== '' && !pair.startsWith('X-Amz-Signature='))
      .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
      .sort()
      .join('&'),
    ...header.signed.map(
      (name) =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}`,
    ),
    '',
    header.signed.join(';'),
    payload,
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${CREDENTIALS.secretAccessKey}`,
  );
  const expected = hmac(key, `AWS4-HMAC-SHA256\n${String(time)}\n${scope}\n${sha256(canonical)}`).toString('hex');
  return expected === header.signature;
}

interface SignatureParts {
  credential: string;
  signed: string[];
  signature: string;
}

function parseHeader(authorization: string): SignatureParts {
  const part = (name: string): string => new RegExp(`${name}=([^,\\s]+)`).exec(authorization)?.[1] ?? '';
  return { credential: part('Credential'), signed: part('SignedHeaders').split(';'), signature: part('Signature') };
}

function fromQuery(parameters: URLSearchParams): SignatureParts {
  const part = (name: string): string => parameters.get(`X-Amz-${name}`) ?? '';
  return { credential: part('Credential'), signed: part('SignedHeaders').split(';'), signature: part('Signature') };
}
