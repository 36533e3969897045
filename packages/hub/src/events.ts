/** What happens while a Hub is used. Holds no token and no signed address, so it may be shown and stored. */
export type HubEvent = DownloadEvent | UploadEvent | RetryEvent | RenamedEvent | NoticeEvent;

/** Bytes of one file that stand in the cache; sent at the start, as ranges arrive, and at the end. */
export interface DownloadEvent {
  type: 'download';
  repo: string;
  path: string;
  /** Bytes of this file that are on disk. */
  received: number;
  /** Bytes of the file. */
  size: number;
  /** `cached`: it was there already; `resumed`: a part was; `verified`: whole, checksum equal, under its final name. */
  state: 'cached' | 'started' | 'resumed' | 'receiving' | 'verified';
}

/** Progress of one file of a publication. */
export interface UploadEvent {
  type: 'upload';
  repo: string;
  path: string;
  /** Fraction from 0 to 1 of `state`. */
  progress: number;
  state: 'hashing' | 'uploading';
}

/** A request failed and is tried again after a pause. */
export interface RetryEvent {
  type: 'retry';
  /** Method and address without its query. */
  request: string;
  /** The attempt that failed, from 1. */
  attempt: number;
  attempts: number;
  pauseMs: number;
  reason: string;
}

/** The repository has another name by now; it was followed. */
export interface RenamedEvent {
  type: 'renamed';
  from: string;
  to: string;
}

/** Something that a person should know. */
export interface NoticeEvent {
  type: 'notice';
  code: string;
  message: string;
}
