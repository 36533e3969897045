import type { Recipe, RunLimits } from '@hubfuse/recipe';
import type { RunCost } from './cost/spending.ts';
import type { PhaseName } from './phase.ts';
import type { RunProgress } from './run-event.ts';
import type { RunOrigin, RunTrigger } from './run-origin.ts';
import type { StateWord } from './state-word.ts';

/** What decides the result of a run beside the recipe. Two runs that differ in one of these are different runs. */
export interface RunOptions {
  /** Absolute path of the folder that relative paths of models and data start at. Default: the working directory. */
  workingDirectory?: string | undefined;
  /** Absolute path of the folder that the merged model becomes. Default: a folder of the run in the workspace. */
  out?: string | undefined;
  /** Address of the Hub that bare ids mean. Default `https://huggingface.co`. */
  hubUrl?: string | undefined;
  /** Most bytes of one safetensors file. Default: the merge's own. */
  shardSize?: number | undefined;
  /** Put in the place of the recipe's seed. */
  seed?: number | undefined;
  /** False: score and tell the gate's verdict, and publish nothing, as for a pull request. Default true. */
  publish?: boolean | undefined;
}

/** What a run was asked for; never changes. */
export interface RunSpec {
  id: string;
  /** The recipe's name, or one made from its models. */
  name: string;
  recipe: Recipe;
  options: RunOptions;
  /** Who or what asked for it. */
  origin: RunOrigin;
  /** What it may spend: the stricter of the recipe's and the caller's. Empty: no limit. */
  limits: RunLimits;
  /** ISO 8601. */
  createdAt: string;
  /** Version of hubfuse that created it. */
  hubfuse: string;
}

/** `queued`: nobody works on it yet, or nobody does again after a retry. */
export type RunStatus = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** How far one phase is. `output` is what later phases and a resumed run read: plain data. */
export interface PhaseState {
  name: PhaseName;
  status: 'waiting' | 'running' | 'done';
  startedAt?: string;
  endedAt?: string;
  output?: unknown;
}

/** The process that works on a run, and when it last said so. */
export interface RunOwner {
  host: string;
  pid: number;
  /** Of which numbers of processes `pid` is one; absent in states of an older version. */
  space?: string;
  /** Tells two executions by one process apart. */
  nonce: string;
  /** Its last sign of life, ISO 8601. */
  heartbeatAt: string;
  /** Milliseconds after that sign for which the run is its own; then another process may take it over. */
  leaseMs: number;
}

/** Something that a run made. */
export interface Artefact {
  name: string;
  /** A path on this machine, the key of an object, the key of a list of files in the store (`keptFiles`), or an address. */
  kind: 'folder' | 'object' | 'files' | 'url';
  location: string;
  /** Bytes, of all files together where there are several. */
  size?: number;
  /** SHA-256 in hexadecimal, where it is one file. */
  sha256?: string;
  /** The files themselves, where a run of an older version kept them and no list names them. */
  files?: readonly KeptFile[];
}

/** A file of a model that is kept in the store. */
export interface KeptFile {
  /** Path in the model's folder. */
  path: string;
  /** Key in the store. */
  key: string;
  /** Bytes. */
  size: number;
  sha256: string;
}

/** Errors as states and events keep them: never with a stack or a secret. */
export interface StoredError {
  name: string;
  code: string;
  message: string;
  where?: string;
  hint?: string;
}

/** Where a run stands; changed by compare-and-swap alone. */
export interface RunState {
  id: string;
  /** Page of the index that its entry belongs to. Absent in runs of an older version. */
  page?: number;
  /** How often it was made active: once when it was made, and with each retry. Default 1. */
  generation?: number;
  /** Counts the changes. */
  revision: number;
  status: RunStatus;
  /** Those that its plan needs, in order; until it is resolved, `resolve` alone. */
  phases: readonly PhaseState[];
  /** How often it was started or resumed. */
  attempts: number;
  owner?: RunOwner;
  /** Somebody wants it to stop: ISO 8601. `heard` once it did. */
  cancellation?: { requestedAt: string; heard: boolean };
  /** Seconds for which it has worked, over all executions that are known to have. */
  workedSeconds: number;
  /** What it has cost where it ran. Absent until it was begun. */
  cost?: RunCost;
  /** Limits that hold in the place of those that it was created with: they were raised since. */
  limits?: RunLimits;
  /** How far the running phase is, as of the last heartbeat. */
  progress?: RunProgress;
  artefacts: readonly Artefact[];
  error?: StoredError;
  /** Once it is done: whether anything was published. */
  published?: boolean;
  /** Somebody wants it published whatever its gate says. */
  publishAnyway?: boolean;
  /** It is being deleted: nobody may take it any more. */
  deleting?: boolean;
  updatedAt: string;
  /** A fresh random word with every change, so that a writer recognises its own write after a lost answer. */
  nonce: string;
}

/** A run as a list shows it. */
export interface RunSummary {
  id: string;
  name: string;
  status: RunStatus;
  /** Status and phase in one word. */
  state: StateWord;
  /** The phase that it is in, or that comes next. */
  phase?: PhaseName;
  createdAt: string;
  /** When what is shown here changed last. */
  updatedAt: string;
  attempts: number;
  method: string;
  /** Hub ids and folders: the base first where there is one. */
  models: readonly string[];
  trigger: RunTrigger;
  /** Name of the stored recipe. */
  recipe?: string;
  /** Id of the key that asked. */
  key?: string;
  error?: { code: string; message: string };
  published?: boolean;
  /** Mean score of the merged model, a fraction: on the development data, else on the test data. Once it was scored. */
  score?: number;
  /** The same of its best parent. */
  bestParent?: number;
  /** Whether the condition for publishing holds, once that was decided. */
  gate?: boolean;
}
