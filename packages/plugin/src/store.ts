/** An object as a store holds it. */
export interface StoredObject {
  body: Uint8Array;
  /** Opaque; changes whenever the body changes. */
  etag: string;
}

/** A part of an object. `end` is exclusive; absent: to the end of the object. */
export interface ObjectRange {
  start: number;
  end?: number;
}

/** One page of keys. */
export interface KeyPage {
  keys: string[];
  /** True where keys after the last one of this page exist. */
  more: boolean;
}

/**
 * The smallest contract that a folder and S3 both keep; all state of hubfuse lives behind it. Of conditional operations
 * it needs PutObject's alone (`If-None-Match: *` and `If-Match`). Every write is whole or absent, also after a kill.
 *
 * A conditional write whose answer was lost may be repeated and then meet itself: a store settles that by what stands
 * there, so two writers must never write the same bytes under one condition. State objects carry a nonce.
 *
 * A key is one or more segments of letters, digits and `-_.=@+~` joined by `/`; no segment begins or ends with a dot, and no
 * key is the folder of another one. Any other key is a StoreError `store/bad-key`.
 */
export interface ObjectStore {
  /** The URL that opens this store again. */
  readonly url: string;
  /** The object, or undefined where there is none. For objects that fit in memory. */
  get(key: string): Promise<StoredObject | undefined>;
  /**
   * The bytes of an object, or of a part of it, as they come; undefined where there is none. A range that reaches
   * beyond the end gives what exists.
   */
  read(key: string, range?: ObjectRange): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Writes only where nothing is; returns the etag, or undefined where something is. */
  create(key: string, body: Uint8Array): Promise<string | undefined>;
  /** Writes only where the object still has this etag; returns the new etag, or undefined where it changed or is gone. */
  replace(key: string, body: Uint8Array, etag: string): Promise<string | undefined>;
  /** Writes whatever is there; returns the etag. */
  put(key: string, body: Uint8Array): Promise<string>;
  /**
   * Writes an object of any size whatever is there, in bounded memory. A body that throws leaves all as it was. No store can do that
   * on condition: where others might write the same object, each writes under a key of its own, and a small object that is written
   * on condition says which counts.
   */
  write(key: string, body: AsyncIterable<Uint8Array>): Promise<void>;
  /** Keys that begin with `prefix` and come after `after`, sorted by their bytes; `limit` is 1000 by default. */
  list(prefix: string, page?: { after?: string; limit?: number }): Promise<KeyPage>;
  /** Does nothing where there is none. */
  delete(key: string): Promise<void>;
}

/** Makes stores for the URLs of one scheme. */
export interface ObjectStoreFactory {
  kind: 'store';
  /** Scheme of the URL: `file`, `s3`, `memory`. */
  name: string;
  open(url: string): Promise<ObjectStore>;
}
