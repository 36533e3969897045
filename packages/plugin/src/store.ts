/** An object as a store holds it. */
export interface StoredObject {
  body: Uint8Array;
  /** Changes whenever the body changes. */
  etag: string;
}

/** The smallest contract that a folder and S3 both keep; all state of hubfuse lives behind it. */
export interface ObjectStore {
  /** The object, or undefined where there is none. */
  get(key: string): Promise<StoredObject | undefined>;
  /** Writes only where nothing is; returns the etag, or undefined where something is. */
  create(key: string, body: Uint8Array): Promise<string | undefined>;
  /** Writes only where the object still has this etag; returns the new etag, or undefined where it changed. */
  replace(key: string, body: Uint8Array, etag: string): Promise<string | undefined>;
  /** Writes whatever is there. */
  put(key: string, body: Uint8Array): Promise<string>;
  /** Keys that begin with `prefix`, sorted, a page at a time. */
  list(prefix: string, page?: { after?: string; limit?: number }): Promise<{ keys: string[]; more: boolean }>;
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
