import type { SearchEvent } from '@hubfuse/evolve';
import type { PhaseName } from './phase.ts';
import type { GateReport, Published } from './report.ts';
import type { Artefact, StoredError } from './run.ts';

/** Something that happened in a run and is kept. Numbers count from 1 without gaps; one object of the store each. */
export type RunEvent = { number: number /** ISO 8601. */; time: string } & RunEventBody;

export type RunEventBody =
  | { type: 'started'; attempt: number; resumedAt?: PhaseName }
  | { type: 'phase-started'; phase: PhaseName }
  | { type: 'phase-done'; phase: PhaseName; seconds: number }
  | { type: 'pinned'; role: 'base' | 'model' | 'data' | 'published'; name: string; revision?: string }
  | { type: 'warning'; code: string; message: string; where?: string }
  | { type: 'scored'; name: string; split: 'dev' | 'test'; mean: number; cached: boolean }
  | { type: 'search'; search: SearchEvent }
  | { type: 'gate'; gate: GateReport }
  | { type: 'artefact'; artefact: Artefact }
  | { type: 'published'; result: Published }
  | { type: 'cancelled' }
  /** It waits to be executed again. */
  | { type: 'queued'; why: 'retry' | 'publish' }
  /** Its machine is taken away; the run waits to be executed again. */
  | { type: 'released' }
  | { type: 'failed'; error: StoredError }
  | { type: 'done'; published: boolean };

/** How far a phase is. Not kept; sent often. */
export interface RunProgress {
  phase: PhaseName;
  /** What is being worked on: a file, a model, a dataset. */
  label: string;
  done: number;
  total: number;
  unit: 'bytes' | 'examples' | 'steps' | 'candidates';
  /** What else a person wants to see of it, e.g. the best score so far. */
  note?: string;
}
