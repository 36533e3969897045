import { setTimeout as wait } from 'node:timers/promises';
import {
  type KeyPage,
  type ObjectRange,
  type ObjectStore,
  type ObjectStoreFactory,
  type StoredObject,
  StoreError,
} from '@hubfuse/plugin';
import { checkKey, checkPrefix, isKey } from '../keys.ts';
import { type FoundObject, readObject } from '../s3/read-object.ts';
import { parseS3Url, type S3Address } from '../s3/s3-address.ts';
import { openS3, type S3Access } from '../s3/s3-client.ts';
import { explainS3, failureOf, isAbsent } from '../s3/s3-failures.ts';
import { uploadStream } from '../s3/upload-stream.ts';

const DEFAULT_PAGE = 1000;
/** Rounds in which a conditional write whose outcome is unknown is settled. */
const ROUNDS = 8;

/**
 * Objects below a prefix of an S3 bucket. Of conditional requests only PutObject's are used, because servers that speak
 * S3 ignore the others. Etags are opaque and kept without their quotes.
 */
class S3Store implements ObjectStore {
  readonly url: string;
  readonly #address: S3Address;
  readonly #access: S3Access;

  constructor(url: string, address: S3Address, access: S3Access) {
    this.url = url;
    this.#address = address;
    this.#access = access;
  }

  async get(key: string): Promise<StoredObject | undefined> {
    for (let round = 1; ; round++) {
      const found = await this.#read(key);
      if (found === undefined) return undefined;
      try {
        const parts: Uint8Array[] = [];
        for await (const part of found.body) parts.push(part);
        return { body: Buffer.concat(parts), etag: found.etag };
      } catch (error) {
        // The SDK repeats requests, and not bodies that were cut.
        if (round === ROUNDS) throw explainS3(error, { store: this.url, what: `read ${key}` });
      }
    }
  }

  async read(key: string, range: ObjectRange = { start: 0 }): Promise<AsyncIterable<Uint8Array> | undefined> {
    return (await this.#read(key, range))?.body;
  }

  async create(key: string, body: Uint8Array): Promise<string | undefined> {
    return await this.#conditionally(key, body, { IfNoneMatch: '*' });
  }

  async replace(key: string, body: Uint8Array, etag: string): Promise<string | undefined> {
    return await this.#conditionally(key, body, { IfMatch: etag });
  }

  async put(key: string, body: Uint8Array): Promise<string> {
    return await this.#ask(`write ${key}`, () => this.#putObject(this.#path(key), body, {}));
  }

  async write(key: string, body: AsyncIterable<Uint8Array>): Promise<void> {
    const path = this.#path(key);
    let broken: { cause: unknown } | undefined;
    const watched = (async function* () {
      try {
        yield* body;
      } catch (cause) {
        broken = { cause };
        throw cause;
      }
    })();
    const upload = () => uploadStream({ access: this.#access, bucket: this.#address.bucket, key: path, body: watched });
    await this.#ask(`write ${key}`, upload).catch((error: unknown) => {
      throw broken === undefined ? error : broken.cause;
    });
  }

  async list(prefix: string, page: { after?: string; limit?: number } = {}): Promise<KeyPage> {
    checkPrefix(prefix);
    const { client, sdk } = this.#access;
    const { bucket: Bucket, prefix: root } = this.#address;
    let after = page.after;
    for (;;) {
      const command = new sdk.ListObjectsV2Command({
        Bucket,
        Prefix: root + prefix,
        MaxKeys: page.limit ?? DEFAULT_PAGE,
        ...(after === undefined ? {} : { StartAfter: root + after }),
      });
      const { Contents = [], IsTruncated = false } = await this.#ask(`list ${prefix}`, () => client.send(command));
      const all = Contents.flatMap(({ Key }) => (Key === undefined ? [] : [Key.slice(root.length)]));
      // What other programs keep in the bucket under names that no store of ours could hold is not ours to see.
      const keys = all.filter(isKey);
      if (keys.length > 0 || !IsTruncated) return { keys, more: IsTruncated };
      after = all.at(-1);
    }
  }

  async delete(key: string): Promise<void> {
    const { client, sdk } = this.#access;
    const command = new sdk.DeleteObjectCommand({ Bucket: this.#address.bucket, Key: this.#path(key) });
    await this.#ask(`delete ${key}`, () => client.send(command));
  }

  async #read(key: string, range?: ObjectRange): Promise<FoundObject | undefined> {
    const path = this.#path(key);
    const object = { access: this.#access, bucket: this.#address.bucket, key: path };
    return await this.#ask(`read ${key}`, () => readObject({ ...object, range }));
  }

  /**
   * A write under a condition. A request whose answer was lost may have been carried out, and its repetition is then
   * refused because of itself: where that can be, what stands there decides. So two writers must never write the same
   * bytes under one condition: states carry a nonce.
   */
  async #conditionally(
    key: string,
    body: Uint8Array,
    condition: { IfNoneMatch: '*' } | { IfMatch: string },
  ): Promise<string | undefined> {
    const path = this.#path(key);
    let unsure = false;
    let last: unknown;
    for (let round = 0; round < ROUNDS; round++) {
      try {
        return await this.#putObject(path, body, condition);
      } catch (error) {
        last = error;
        const { status, attempts } = failureOf(error);
        const answered = status !== undefined && status < 500;
        unsure ||= !answered || attempts > 1;
        const refused = status === 412 || ('IfMatch' in condition && isAbsent(error));
        if (answered && !refused && status !== 409) throw explainS3(error, { store: this.url, what: `write ${key}` });
        const there = unsure ? await this.get(key) : undefined;
        if (there !== undefined && Buffer.compare(there.body, body) === 0) return there.etag;
        if (refused) return undefined;
        await wait((50 << round) * (0.5 + Math.random()));
      }
    }
    throw explainS3(last, { store: this.url, what: `write ${key}` });
  }

  async #putObject(
    path: string,
    body: Uint8Array,
    condition: { IfNoneMatch?: string; IfMatch?: string },
  ): Promise<string> {
    const { client, sdk } = this.#access;
    const command = new sdk.PutObjectCommand({ Bucket: this.#address.bucket, Key: path, Body: body, ...condition });
    const { ETag } = await client.send(command);
    if (ETag !== undefined) return ETag.replaceAll('"', '');
    throw new StoreError({
      code: 'store/s3',
      where: this.url,
      message: 'the store gives no etag for what it stored',
      hint: 'hubfuse needs one that tells versions of an object apart',
    });
  }

  #path(key: string): string {
    checkKey(key);
    return this.#address.prefix + key;
  }

  async #ask<T>(what: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw explainS3(error, { store: this.url, what });
    }
  }
}

const s3: ObjectStoreFactory = {
  kind: 'store',
  name: 's3',
  async open(url) {
    const address = parseS3Url(url);
    return new S3Store(url, address, await openS3(address));
  },
};

export default s3;
