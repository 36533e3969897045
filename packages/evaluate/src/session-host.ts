import { type Device, EvaluationError } from '@hubfuse/plugin';
import type { PreTrainedModel, Tensor } from '@huggingface/transformers';
import type { InferenceSession } from 'onnxruntime-node';
import { deviceHint } from './device.ts';
import { attentionMask } from './encoded-dataset.ts';
import type { BatchTensors, LoadRequest, RunMember, RunReply, RunRequest } from './protocol.ts';

/** A model class of transformers.js around a session of ours. */
type ModelClass = new (config: unknown, sessions: Record<string, unknown>, configs: object) => PreTrainedModel;
interface AutoClass {
  MODEL_CLASS_MAPPINGS: readonly ReadonlyMap<string, string>[];
}

/** The models of one worker thread. Only here onnxruntime runs: it blocks the thread that calls it. */
export class SessionHost {
  readonly #models = new Map<string, LoadedModel>();
  readonly #device: Device;
  #isDeviceThere = false;

  /** @param device where sessions compute */
  constructor(device: Device) {
    this.#device = device;
  }

  /** Opens a session over a graph of ours and hands it to the model class that transformers.js would load. */
  async load(request: LoadRequest): Promise<{ done: true }> {
    const transformers = await import('@huggingface/transformers');
    const { InferenceSession } = await import('onnxruntime-node');
    const config = new transformers.PretrainedConfig(request.config);
    const exported = transformers as unknown as Record<string, unknown>;
    const auto = exported[request.autoModel] as AutoClass | undefined;
    const className = auto?.MODEL_CLASS_MAPPINGS.map((names) => names.get(config.model_type ?? '')).find(Boolean);
    if (className === undefined) {
      throw new EvaluationError({
        code: 'evaluate/unknown-class',
        where: request.name,
        message: `${request.autoModel} of transformers.js knows no model_type "${config.model_type}"`,
      });
    }
    const session = InferenceSession.create(request.graph, {
      executionProviders: [this.#device],
      // One thread for each session: parallelism comes from the workers, and so their number cannot change the bits.
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // Our graphs are made of the operators that onnxruntime's further levels would fuse others into: on a processor looking for
      // more takes a tenth of opening a session, and running is no faster.
      graphOptimizationLevel: this.#device === 'cpu' ? 'basic' : 'all',
      // Errors come back as such; the library would print them too.
      logSeverityLevel: 4,
      extra: { session: { model_external_initializers_file_folder_path: request.weights } },
    });
    const Model = exported[className] as ModelClass;
    const opened = await this.#open(session, request.name);
    this.#models.set(request.key, {
      model: new Model(config, { model: opened }, {}),
      name: request.name,
      labels: request.labels,
    });
    return { done: true };
  }

  /** A device that cannot be had is said to be so, and no other takes its place. */
  async #open(session: Promise<InferenceSession>, name: string): Promise<InferenceSession> {
    try {
      const opened = await session;
      this.#isDeviceThere = true;
      return opened;
    } catch (cause) {
      // Where a session has been opened before it is the model.
      if (this.#device === 'cpu' || this.#isDeviceThere)
        return await explain(Promise.reject(cause), name, 'cannot be loaded');
      throw new EvaluationError({
        code: 'evaluate/no-device',
        where: name,
        message: `no session can be opened on the device "${this.#device}": ${cause instanceof Error ? cause.message : String(cause)}`,
        hint: deviceHint(this.#device),
        cause,
      });
    }
  }

  async release(keys: readonly string[]): Promise<{ done: true }> {
    for (const key of keys) {
      const loaded = this.#models.get(key);
      this.#models.delete(key);
      await loaded?.model.dispose();
    }
    return { done: true };
  }

  async run({ members, width, logits: shape, keepLogits, eachMember }: RunRequest): Promise<RunReply> {
    const outputs: MemberLogits[] = [];
    for (const member of members) outputs.push(await this.#forward(member, shape));
    const count = outputs[0]?.rows.length ?? 0;
    const logits = new Float32Array(count * width);
    const answers = new Int32Array(count).fill(-1);
    for (let label = 0; label < count; label++) {
      const row = logits.subarray(label * width, (label + 1) * width);
      if (meanLogits(outputs, label, row)) answers[label] = largest(row);
    }
    const own = outputs.length > 1 ? outputs.map(ownAnswers) : undefined;
    return {
      answers,
      ...(own === undefined ? {} : { votes: majority(outputs, own) }),
      ...(keepLogits ? { logits } : {}),
      ...(eachMember ? { memberAnswers: own ?? outputs.map(ownAnswers) } : {}),
    };
  }

  async #forward({ key, batch, order }: RunMember, shape: RunRequest['logits']): Promise<MemberLogits> {
    const loaded = this.#models.get(key);
    if (loaded === undefined) throw new Error(`no model is loaded as ${key}`);
    const running = loaded.model(await modelInputs(batch)) as Promise<{ logits: Tensor }>;
    const output = await explain(running, loaded.name, 'fails on some examples');
    const { data, dims } = output.logits;
    const values = data as Float32Array;
    const width = dims.at(-1) ?? 0;
    if (width !== loaded.labels) {
      throw new EvaluationError({
        code: 'evaluate/label-count',
        where: loaded.name,
        message: `the model has ${width} logits, but config.json names ${loaded.labels} labels`,
      });
    }
    if (!allFinite(values)) {
      throw new EvaluationError({
        code: 'evaluate/not-finite',
        where: loaded.name,
        message: 'the model answers with NaN or infinity',
        hint: 'its weights hold such values, or overflow: score it again after checking the merge',
      });
    }
    return { values, width, rows: labelRows(batch, shape), order };
  }
}

interface LoadedModel {
  model: PreTrainedModel;
  name: string;
  labels: number;
}

interface MemberLogits {
  values: Float32Array;
  /** Labels of the model. */
  width: number;
  /** For each label of the batch the row of logits that answers it, or -1. */
  rows: Int32Array;
  order: Int32Array | undefined;
}

/** Says which model onnxruntime complains about. */
async function explain<T>(answer: Promise<T>, name: string, what: string): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new EvaluationError({
      code: 'evaluate/model-failed',
      where: name,
      message: `the model ${what}: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'check that config.json, tokenizer and weights belong together',
      cause,
    });
  }
}

async function modelInputs(batch: BatchTensors): Promise<Record<string, Tensor>> {
  const { Tensor } = await import('@huggingface/transformers');
  const dims = [batch.examples, batch.length];
  const tensor = (values: Int32Array): Tensor => new Tensor('int64', int64Of(values), dims);
  return {
    input_ids: tensor(batch.ids),
    attention_mask: tensor(attentionMask(batch)),
    ...(batch.typeIds === undefined ? {} : { token_type_ids: tensor(batch.typeIds) }),
  };
}

/** The same as int64: a loop takes a tenth of the time of `BigInt64Array.from`. */
function int64Of(values: Int32Array): BigInt64Array {
  const wide = new BigInt64Array(values.length);
  for (let index = 0; index < values.length; index++) wide[index] = BigInt(values[index] as number);
  return wide;
}

function labelRows(batch: BatchTensors, shape: RunRequest['logits']): Int32Array {
  const rows = new Int32Array(batch.positions.length);
  let label = 0;
  for (const [example, count] of batch.labelCounts.entries()) {
    for (let nth = 0; nth < count; nth++, label++) {
      const position = batch.positions[label] ?? -1;
      rows[label] = position === -1 ? -1 : shape === 'sequence' ? example : example * batch.length + position;
    }
  }
  return rows;
}

/**
 * Fills `out` with the mean of the members' logits, for each label over the members that know it. Returns false where no
 * member has a token that answers.
 */
function meanLogits(members: readonly MemberLogits[], label: number, out: Float32Array): boolean {
  const answering = members.filter(({ rows }) => rows[label] !== -1);
  for (let position = 0; position < out.length; position++) {
    let sum = 0;
    let knowing = 0;
    for (const { values, width, rows, order } of answering) {
      const own = order === undefined ? position : (order[position] ?? -1);
      if (own === -1) continue;
      sum += values[(rows[label] ?? 0) * width + own] ?? Number.NaN;
      knowing++;
    }
    // A label that no answering member knows cannot be the answer.
    out[position] = answering.length === 0 ? 0 : knowing === 0 ? Number.NEGATIVE_INFINITY : sum / knowing;
  }
  return answering.length > 0;
}

/**
 * For each label of the batch what most members answer by themselves; among equals the answer of the earliest member, as the
 * authors of dataless fusion have it.
 * @param own by member: the position of its answer among its own labels
 */
function majority(members: readonly MemberLogits[], own: readonly Int32Array[]): Int32Array {
  const shared = members.map(({ order }, member) => {
    const answers = own[member] ?? new Int32Array(0);
    return order === undefined ? answers : answers.map((position) => (position === -1 ? -1 : order.indexOf(position)));
  });
  return (shared[0] ?? new Int32Array(0)).map((_, label) => {
    const votes = shared.map((answers) => answers[label] ?? -1).filter((answer) => answer !== -1);
    const count = (answer: number) => votes.filter((vote) => vote === answer).length;
    return votes.reduce((best, vote) => (count(vote) > count(best) ? vote : best), votes[0] ?? -1);
  });
}

/** For each label of the batch the position of a member's own largest logit, or -1 where no token answers. */
function ownAnswers({ values, width, rows }: MemberLogits): Int32Array {
  return rows.map((row) => (row === -1 ? -1 : largest(values.subarray(row * width, (row + 1) * width))));
}

function allFinite(values: Float32Array): boolean {
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index])) return false;
  return true;
}

/** Position of the largest value; the first among equals. */
function largest(values: Float32Array): number {
  let best = 0;
  for (let position = 1; position < values.length; position++) {
    if ((values[position] as number) > (values[best] as number)) best = position;
  }
  return best;
}
