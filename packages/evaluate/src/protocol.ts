import type { Device } from '@hubfuse/plugin';

/** A session to open in a worker. */
export interface LoadRequest {
  kind: 'load';
  /** What the session is called from now on. */
  key: string;
  /** The model's name, for messages. */
  name: string;
  /** The graph's bytes, its initializers in files of `weights`. */
  graph: Uint8Array;
  /** What config.json says. */
  config: Readonly<Record<string, unknown>>;
  /** Absolute path of the folder that holds the weights. */
  weights: string;
  /** Class of transformers.js that finds the model class. */
  autoModel: string;
  /** Labels that the model must answer with. */
  labels: number;
}

export interface ReleaseRequest {
  kind: 'release';
  keys: readonly string[];
}

/** Some examples of a dataset to tokenise. */
export interface EncodeRequest {
  kind: 'encode';
  /** Names tokenizer and length: the worker keeps what it opened under it. */
  tokenizer: string;
  folder: string;
  maxLength: number;
  task: string;
  inputs: readonly unknown[];
}

/** Encoded examples one after the other. */
export interface EncodeReply {
  /** Tokens of each example. */
  lengths: Int32Array;
  ids: Int32Array;
  /** Present where some example has a segment other than 0. */
  typeIds?: Int32Array;
  /** Labels of each example. */
  labelCounts: Int32Array;
  /** Token that answers each label, or -1. */
  positions: Int32Array;
  /** Tokens of each example that did not fit. */
  cut: Int32Array;
  padId: number;
}

/** A padded batch for one model. Token arrays are [examples, length], row by row. */
export interface BatchTensors {
  examples: number;
  length: number;
  ids: Int32Array;
  /** Tokens of each example that are not padding. */
  lengths: Int32Array;
  typeIds?: Int32Array;
  labelCounts: Int32Array;
  positions: Int32Array;
}

export interface RunMember {
  key: string;
  batch: BatchTensors;
  /** Where each label of the answer stands among this one's logits, -1 where it has none; absent: the same order. */
  order?: Int32Array;
}

/** One batch through one model, or through each member of an ensemble. */
export interface RunRequest {
  kind: 'run';
  members: readonly RunMember[];
  /** Labels of the answer. */
  width: number;
  logits: 'sequence' | 'token';
  /** Answer with the logits too. */
  keepLogits: boolean;
  /** Answer for each member alone too. */
  eachMember: boolean;
}

export interface RunReply {
  /** For each label of each example the position of the largest logit, or -1 where no token answers. */
  answers: Int32Array;
  /** The same as most members answer by themselves, among equals as the mean decides; for an ensemble. */
  votes?: Int32Array;
  /** For each label of each example one logit per label of the model, zeros where no token answers. */
  logits?: Float32Array;
  /** For each member the same as `answers`, in the order of its own logits; where they were asked for. */
  memberAnswers?: Int32Array[];
}

export type Request = LoadRequest | ReleaseRequest | EncodeRequest | RunRequest;

/** What a worker answers to a kind of request. */
export interface Replies {
  load: { done: true };
  release: { done: true };
  encode: EncodeReply;
  run: RunReply;
}

export interface WorkerError {
  name: string;
  code: string;
  message: string;
  where?: string | undefined;
  hint?: string | undefined;
}

/** An answer, and the seconds of processor time that it took, as `threadSeconds` tells them. */
export type WorkerMessage = { id: number; seconds: number } & ({ reply: unknown } | { error: WorkerError });

/** What a worker is started with. */
export interface WorkerStart {
  /** Modules with extensions, as `Registry.modules` lists them. */
  modules: readonly string[];
  /** Where its sessions compute. */
  device: Device;
}
