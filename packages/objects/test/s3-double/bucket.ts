import { createHash, randomUUID } from 'node:crypto';

/** An answer that is no success. */
export class S3Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

export interface DoubleObject {
  body: Buffer;
  /** Quoted, as S3 sends it. */
  etag: string;
}

const etagOf = (body: Uint8Array): string => `"${createHash('md5').update(body).digest('hex')}"`;

/** The objects of one bucket with the conditions that AWS keeps on writes. */
export class Bucket {
  readonly objects = new Map<string, DoubleObject>();
  readonly uploads = new Map<string, { key: string; parts: Map<number, DoubleObject> }>();

  get(key: string): DoubleObject {
    const found = this.objects.get(key);
    if (found === undefined) throw new S3Refusal(404, 'NoSuchKey');
    return found;
  }

  put(
    key: string,
    body: Buffer,
    conditions: { ifMatch?: string | undefined; ifNoneMatch?: string | undefined },
  ): string {
    const there = this.objects.get(key);
    if (conditions.ifNoneMatch === '*' && there !== undefined) throw new S3Refusal(412, 'PreconditionFailed');
    if (conditions.ifMatch !== undefined) {
      if (there === undefined) throw new S3Refusal(404, 'NoSuchKey');
      if (there.etag.replaceAll('"', '') !== conditions.ifMatch.replaceAll('"', '')) {
        throw new S3Refusal(412, 'PreconditionFailed');
      }
    }
    const etag = etagOf(body);
    this.objects.set(key, { body, etag });
    return etag;
  }

  begin(key: string): string {
    const id = randomUUID();
    this.uploads.set(id, { key, parts: new Map() });
    return id;
  }

  part(id: string, number: number, body: Buffer): string {
    const etag = etagOf(body);
    this.#upload(id).parts.set(number, { body, etag });
    return etag;
  }

  /** @param listed Parts as the client lists them: number and etag. */
  complete(id: string, listed: readonly { number: number; etag: string }[]): string {
    const { key, parts } = this.#upload(id);
    const chosen = listed.map(({ number, etag }) => {
      const part = parts.get(number);
      if (part?.etag !== etag) throw new S3Refusal(400, 'InvalidPart');
      return part.body;
    });
    const ascending = listed.every(({ number }, index) => index === 0 || number > (listed[index - 1]?.number ?? 0));
    if (!ascending) throw new S3Refusal(400, 'InvalidPartOrder');
    const small = chosen.slice(0, -1).some((body) => body.length < 5 << 20);
    if (small) throw new S3Refusal(400, 'EntityTooSmall');
    const body = Buffer.concat(chosen);
    const etag = `"${createHash('md5').update(body).digest('hex')}-${chosen.length}"`;
    this.objects.set(key, { body, etag });
    this.uploads.delete(id);
    return etag;
  }

  /** Keys in the order of their bytes. */
  list(options: { prefix: string; after: string; limit: number }): { keys: string[]; more: boolean } {
    const { prefix, after, limit } = options;
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    return { keys: keys.slice(0, limit), more: keys.length > limit };
  }

  #upload(id: string): { key: string; parts: Map<number, DoubleObject> } {
    const upload = this.uploads.get(id);
    if (upload === undefined) throw new S3Refusal(404, 'NoSuchUpload');
    return upload;
  }
}
