import type { S3Access } from './s3-client.ts';

/** S3 takes no smaller parts than 5 MiB, the last excepted, and no more than 10,000 of them. */
const FIRST_PART_BYTES = 8 << 20;
const PARTS_OF_ONE_SIZE = 1000;
/** Parts under way: they bound the memory. */
const AT_ONCE = 4;

/**
 * Writes a stream of any size. Parts are whole buffers, so their checksums travel as headers that every server knows, and
 * a part that failed is sent again. They grow with the stream: 10,000 parts hold 5 TB. Whatever fails leaves no object.
 */
export async function uploadStream(options: {
  access: S3Access;
  bucket: string;
  key: string;
  body: AsyncIterable<Uint8Array>;
}): Promise<void> {
  const { access, bucket: Bucket, key: Key, body } = options;
  const { client, sdk } = access;
  let uploadId: string | undefined;
  const finished: { ETag: string | undefined; PartNumber: number }[] = [];
  const underWay = new Set<Promise<void>>();
  try {
    for await (const { bytes, number, last } of inParts(body)) {
      if (last && number === 1) {
        await client.send(new sdk.PutObjectCommand({ Bucket, Key, Body: bytes }));
        return;
      }
      uploadId ??= (await client.send(new sdk.CreateMultipartUploadCommand({ Bucket, Key }))).UploadId;
      if (underWay.size === AT_ONCE) await Promise.race(underWay);
      const command = new sdk.UploadPartCommand({ Bucket, Key, UploadId: uploadId, PartNumber: number, Body: bytes });
      const sent: Promise<void> = client.send(command).then(({ ETag }) => {
        finished.push({ ETag, PartNumber: number });
        underWay.delete(sent);
      });
      underWay.add(sent);
      sent.catch(() => {});
    }
    await Promise.all(underWay);
    const Parts = finished.sort((a, b) => a.PartNumber - b.PartNumber);
    const upload = { Bucket, Key, UploadId: uploadId, MultipartUpload: { Parts } };
    await client.send(new sdk.CompleteMultipartUploadCommand(upload));
  } catch (error) {
    await Promise.allSettled(underWay);
    // Parts of an upload that nobody completes would be kept, and paid for.
    if (uploadId !== undefined) {
      const command = new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId: uploadId });
      await client.send(command).catch(() => {});
    }
    throw error;
  }
}

interface Part {
  bytes: Buffer;
  /** From 1. */
  number: number;
  last: boolean;
}

/** Cuts a stream into parts; an empty stream is one empty part. */
async function* inParts(body: AsyncIterable<Uint8Array>): AsyncGenerator<Part> {
  let pending: Uint8Array[] = [];
  let length = 0;
  let number = 1;
  for await (const piece of body) {
    // The source may use its buffer again.
    pending.push(Uint8Array.from(piece));
    length += piece.length;
    const size = partBytes(number);
    // Some bytes stay back: only then the last part is known as such.
    while (length > size) {
      const all = Buffer.concat(pending);
      yield { bytes: all.subarray(0, size), number: number++, last: false };
      pending = [all.subarray(size)];
      length -= size;
    }
  }
  yield { bytes: Buffer.concat(pending), number, last: true };
}

function partBytes(number: number): number {
  return FIRST_PART_BYTES * 2 ** Math.floor((number - 1) / PARTS_OF_ONE_SIZE);
}
