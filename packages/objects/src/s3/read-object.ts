import { type ObjectRange, StoreError } from '@hubfuse/plugin';
import type { S3Access } from './s3-client.ts';
import { failureOf, isAbsent } from './s3-failures.ts';

export interface FoundObject {
  body: AsyncIterable<Uint8Array>;
  etag: string;
}

/** Seconds for which an address that is signed for one reader holds. */
const SIGNED_SECONDS = 300;

/**
 * The bytes of an object or of a part of it; undefined where there is none. A gateway that answers by sending its readers
 * elsewhere, as that of Hugging Face's buckets does, is followed under a signed address: the SDK follows nobody, and its
 * own signature must not travel to another host.
 */
export async function readObject(options: {
  access: S3Access;
  bucket: string;
  key: string;
  range?: ObjectRange | undefined;
}): Promise<FoundObject | undefined> {
  const { access, bucket: Bucket, key: Key, range } = options;
  const { start = 0, end } = range ?? {};
  const { client, sdk } = access;
  try {
    if (end !== undefined && end <= start) {
      const { ETag = '' } = await client.send(new sdk.HeadObjectCommand({ Bucket, Key }));
      return nothing(ETag);
    }
    const header = start === 0 && end === undefined ? undefined : `bytes=${start}-${end === undefined ? '' : end - 1}`;
    const command = new sdk.GetObjectCommand({ Bucket, Key, ...(header === undefined ? {} : { Range: header }) });
    const { Body, ETag = '' } = await client.send(command);
    return { body: (Body ?? []) as AsyncIterable<Uint8Array>, etag: unquoted(ETag) };
  } catch (error) {
    const { status } = failureOf(error);
    // S3 refuses a range that begins behind the end, or in an empty object.
    if (status === 416) return nothing('');
    if (isAbsent(error)) return undefined;
    if (status === undefined || status < 300 || status >= 400) throw error;
  }
  return await follow({ access, Bucket, Key, start, end });
}

async function follow(options: {
  access: S3Access;
  Bucket: string;
  Key: string;
  start: number;
  end: number | undefined;
}): Promise<FoundObject | undefined> {
  const { access, Bucket, Key, start, end } = options;
  // The place that holds the bytes has etags of its own; conditions are about the store's. A newer body under an older etag
  // only makes a later condition fail.
  const head = access.client.send(new access.sdk.HeadObjectCommand({ Bucket, Key }));
  const found = await head.catch((error: unknown) => {
    if (!isAbsent(error)) throw error;
  });
  if (found === undefined) return undefined;
  const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
  const command = new access.sdk.GetObjectCommand({ Bucket, Key });
  const signed = await getSignedUrl(access.client, command, { expiresIn: SIGNED_SECONDS });
  const range = start === 0 && end === undefined ? {} : { range: `bytes=${start}-${end === undefined ? '' : end - 1}` };
  const response = await fetch(signed, { headers: range, signal: AbortSignal.timeout(SIGNED_SECONDS * 1000) });
  if (response.status === 404) return undefined;
  if (response.status === 416) return nothing('');
  if (!response.ok || response.body === null) {
    throw new StoreError({
      code: 'store/unreachable',
      where: `s3://${Bucket}/${Key}`,
      message: `the place that the store sends its readers to answered ${response.status}`,
      hint: 'try again later',
    });
  }
  const body = response.body as unknown as AsyncIterable<Uint8Array>;
  return { body, etag: unquoted(found.ETag ?? '') };
}

function nothing(etag: string): FoundObject {
  return { body: (async function* () {})(), etag: unquoted(etag) };
}

function unquoted(etag: string): string {
  return etag.replace(/^W\//, '').replaceAll('"', '');
}
