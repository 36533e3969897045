import type { Fault } from './faults.ts';

/** A running Hub. */
export interface HubServer {
  /** Where clients reach it, without a slash at the end: what `hubUrl` and HF_ENDPOINT take. */
  url: string;
  /** Repositories that were imported from plain folders at start. */
  imported: readonly string[];
  /** The faults of now; present where `HubServerOptions.faults` was given. */
  faults?: { set(faults: readonly Fault[]): void; list(): readonly Fault[] };
  /** Stops listening, waits `graceMs` for requests under way and cuts the rest. */
  close(): Promise<void>;
}
