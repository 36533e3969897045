import type { GateReport, Published, RunEvent, RunProgress, ScoreTable, SearchSummary } from '@hubfuse/runs';

export type { GateReport, Published, RunEvent, RunProgress, ScoreTable, SearchSummary };

/** Where a run stands, in one word. */
export type StateWord =
  | 'queued'
  | 'resolving'
  | 'fetching'
  | 'gathering'
  | 'searching'
  | 'merging'
  | 'evaluating'
  | 'publishing'
  | 'done'
  | 'failed'
  | 'cancelled';

/** Which runs a list shows: those in one state, or all under way. */
export type StateFilter = StateWord | 'active';

/** A page of a list. */
export interface Page<T> {
  items: readonly T[];
  /** Cursor of the page behind it; absent on the last. */
  next?: string;
}

export interface Session {
  /** Name of the key. */
  name: string;
  scopes: readonly ('read' | 'run' | 'admin')[];
  namespaces: readonly string[];
  /** How the caller is known; `nothing`: no key is needed. */
  by: 'key' | 'session' | 'nothing';
  csrf?: string;
  /** Which runs that have ended the server keeps; absent: all. */
  retention?: { days?: number; runs?: number };
}

/** What is expected, between the least and the most that the measurements behind it allow. */
export interface Range {
  low: number;
  expected: number;
  high: number;
}

/** How long a run is expected to take. */
export interface TimeEstimate {
  machine: string;
  seconds: Range;
  phases: readonly { phase: string; seconds: Range; measured: boolean; note: string }[];
  unknown: readonly { phase: string; reason: string }[];
}

/** What a run is expected to cost, in dollars. */
export interface CostEstimate {
  launcher: string;
  machine: string;
  usd?: Range;
  verified: boolean;
  items: readonly { what: string; usd: Range; verified: boolean; source?: string; date?: string }[];
  note?: string;
}

/** What a run has cost so far, in dollars. */
export interface RunCost {
  launcher: string;
  machine: string;
  spentUsd: number;
  estimatedUsd?: Range;
  limitUsd?: number;
  verified: boolean;
  unpriced?: boolean;
}

export interface PlanWarning {
  code: string;
  message: string;
  where?: string;
}

export interface Plan {
  name: string;
  method: string;
  models: readonly {
    role: 'base' | 'model' | 'published';
    name: string;
    reference: string;
    revision?: string;
    bytes: number;
  }[];
  data: readonly { dataset: string; split: 'dev' | 'test'; repo?: string; revision?: string; path: string }[];
  phases: readonly string[];
  bytes: { download: number; output: number };
  parameters: number;
  passes: number;
  outputs: readonly { path: string; size: number }[];
  tensors: { method: number; average: number; labels: number; copy: number };
  search?: { kind?: string; initial?: number; candidates?: number; coefficients?: number };
  time?: TimeEstimate;
  cost?: CostEstimate;
  licence: { licence: string; findings: readonly { severity: string; message: string }[] };
  warnings: readonly PlanWarning[];
}

/** A parameter of a merge method. */
export interface MethodParameter {
  name: string;
  description: string;
  type: 'number' | 'boolean' | 'choice' | 'names';
  level: 'global' | 'model';
  default?: number | boolean | string | readonly string[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  integer?: boolean;
  choices?: readonly string[];
  /** The parameter exists only while these choices have these values. */
  onlyWith?: Readonly<Record<string, string>>;
}

export interface Method {
  name: string;
  title: string;
  description: string;
  base: 'required' | 'optional' | 'unused';
  models: { minimum: number; maximum?: number };
  parameters: readonly MethodParameter[];
  sources: readonly string[];
}

export interface Task {
  name: string;
  metric: string;
  metrics: readonly string[];
}

/** A run as a list shows it. */
export interface RunItem {
  id: string;
  name: string;
  state: StateWord;
  phase?: string;
  progress?: RunProgress;
  createdAt: string;
  updatedAt: string;
  /** Name of the stored recipe that it is of. */
  recipe?: string;
  /** Merge method. */
  method?: string;
  /** Names of the models, the base first where there is one. */
  models?: readonly string[];
  /** Mean development score of the merged model, and of its best parent. */
  score?: number;
  bestParent?: number;
  /** Whether the condition for publishing holds. */
  gate?: boolean;
  /** Once it is done: whether something was published. */
  published?: boolean;
  /** Why it failed. */
  error?: { code: string; message: string };
}

export interface RunPhase {
  name: string;
  status: 'waiting' | 'running' | 'done';
  startedAt?: string;
  endedAt?: string;
}

/** A file that a run made. */
export interface RunArtefact {
  path: string;
  /** Bytes. */
  size?: number;
  sha256?: string;
  /** Where it can be read. */
  url: string;
}

export interface RunModel {
  role: 'base' | 'model' | 'published';
  name: string;
  revision?: string;
}

export interface StoredError {
  code: string;
  message: string;
  where?: string;
  hint?: string;
}

export interface RunOrigin {
  trigger: 'command' | 'http' | 'webhook' | 'schedule' | 'comment' | 'retry';
  key?: string;
  account?: string;
  recipe?: { name: string; etag: string };
  cause?: { type: 'model' | 'dataset'; repo: string; ref: string; sha: string };
  ancestry?: readonly { run: string; recipe?: string; repo: string; sha: string }[];
}

/** Everything about one run. */
export interface Run {
  id: string;
  name: string;
  state: StateWord;
  phase?: string;
  phases: readonly RunPhase[];
  progress?: RunProgress;
  createdAt: string;
  updatedAt: string;
  origin: RunOrigin;
  /** Merge method. */
  method?: string;
  models: readonly RunModel[];
  plan?: Plan;
  scores?: ScoreTable;
  gate?: GateReport;
  search?: SearchSummary;
  published?: readonly Published[];
  warnings?: readonly string[];
  error?: StoredError;
  limits?: { seconds?: number; memory?: number; disk?: number; runsPerDay?: number };
  cost?: RunCost;
  /** The recipe's text. */
  recipe?: string;
}

/** Something about a stored recipe that a person should know. */
export interface RecipeNote {
  code: string;
  message: string;
  hint?: string;
  repo?: string;
  at: string;
}

/** A stored recipe in a list. */
export interface RecipeItem {
  name: string;
  etag: string;
  /** Merge method; absent where this version of the server cannot read the recipe any more. */
  method?: string;
  models: readonly string[];
  /** When it runs by itself, beside pushes: a cron line. */
  schedule?: string;
  updatedAt: string;
  notes: readonly RecipeNote[];
  /** Its latest run. */
  lastRun?: Pick<RunItem, 'id' | 'state' | 'updatedAt' | 'published' | 'score' | 'bestParent'>;
}

export interface StoredRecipe extends RecipeItem {
  text: string;
}
