import type { Task } from '@hubfuse/plugin';
import { type Batch, planBatches } from './batches.ts';
import { chooseHead } from './choose-head.ts';
import type { Dataset } from './dataset.ts';
import type { EncodedCache } from './encoded-cache.ts';
import { type EncodedDataset, sliceBatch } from './encoded-dataset.ts';
import { arePlaceholders, joinLabels, type LabelNames, type MatchedLabels, matchLabels } from './labels.ts';
import type { PreparedModel } from './prepare-model.ts';
import type { LoadRequest, RunMember, RunReply } from './protocol.ts';
import type { ScoreProgress } from './scorer-types.ts';
import type { WorkerPool } from './worker-pool.ts';

/** One dataset and the model (or members of an ensemble) that answers it. */
export interface PlannedDataset {
  dataset: Dataset;
  members: readonly PlannedMember[];
  /** What `answers` count: labels of the model, or those of all members. */
  names: LabelNames;
  /** What the dataset's labels are in the model's words. */
  labels: MatchedLabels;
  batches: readonly Batch[];
  /** For each example the position of the answer to each of its labels, -1 where no token answers. */
  answers: (Int32Array | undefined)[];
  /** The same as most members answer it by themselves, for an ensemble. */
  votes?: (Int32Array | undefined)[];
  /** For each example its logits, where they are kept. */
  logits: (Float32Array | undefined)[];
  warnings: string[];
  /**
   * Of an ensemble whose members are scored too: each member as if it were alone; undefined where it would run in other
   * batches, which could change the last bits, or answer by other names.
   */
  alone?: readonly (PlannedDataset | undefined)[];
}

interface PlannedMember {
  model: PreparedModel;
  encoded: EncodedDataset;
  order?: Int32Array;
}

type OnProgress = ((progress: ScoreProgress) => void) | undefined;

/** Decides heads, tokens, labels and batches before any model is loaded. */
export async function planScoring(options: {
  datasets: readonly Dataset[];
  /** By member of the ensemble, its heads. */
  members: readonly (readonly PreparedModel[])[];
  task: Task;
  cache: EncodedCache;
  batchTokens: number;
  /** Score each member of an ensemble too. */
  eachMember: boolean;
  onProgress: OnProgress;
}): Promise<PlannedDataset[]> {
  const planned: PlannedDataset[] = [];
  for (const dataset of options.datasets) {
    const total = dataset.examples.length;
    const members: PlannedMember[] = [];
    const warnings: string[] = [];
    const models = options.members.map((heads) => chooseHead(heads, dataset));
    const joined = joinLabels(models);
    for (const [index, model] of models.entries()) {
      const { order, warning } = joined.members[index] ?? {};
      if (warning !== undefined) warnings.push(warning);
      const encoded = await options.cache.get(dataset, model, (done) =>
        options.onProgress?.({ phase: 'tokenize', dataset: dataset.name, done, total }),
      );
      members.push({ model, encoded, ...(order === undefined ? {} : { order }) });
    }
    const [leader] = members;
    if (leader === undefined) continue;
    const batches = planBatches(leader.encoded.lengths, options.batchTokens);
    const answeredBy = (names: LabelNames, model: string): Omit<PlannedDataset, 'members' | 'warnings'> => ({
      dataset,
      names,
      labels: matchLabels(dataset, names, { neutral: options.task.unanswered, model }),
      batches,
      answers: new Array<Int32Array | undefined>(total).fill(undefined),
      logits: [],
    });
    const alone = (member: PlannedMember): PlannedDataset | undefined =>
      answersAlike(member, { leader, names: joined.names })
        ? { ...answeredBy(member.model.labels, member.model.name), members: [member], warnings: [] }
        : undefined;
    planned.push({
      ...answeredBy(joined.names, models.length > 1 ? 'the ensemble' : leader.model.name),
      ...(members.length > 1 ? { votes: new Array<Int32Array | undefined>(total).fill(undefined) } : {}),
      members,
      warnings,
      ...(options.eachMember ? { alone: members.map(alone) } : {}),
    });
  }
  return planned;
}

/** Whether a member alone would run in the same batches, answer by the same names, and know the same labels. */
function answersAlike(
  { encoded, model }: PlannedMember,
  { leader, names }: { leader: PlannedMember; names: LabelNames },
): boolean {
  return (
    encoded === leader.encoded &&
    model.labels.length === names.length &&
    arePlaceholders(model.labels) === arePlaceholders(leader.model.labels)
  );
}

/** Loads the models into the workers, runs every batch and fills in the answers. */
export async function runScoring(options: {
  plan: readonly PlannedDataset[];
  task: Task;
  pool: WorkerPool;
  keepLogits: boolean;
  /** Bytes for the weights in all workers. */
  memory: number;
  onProgress: OnProgress;
}): Promise<void> {
  const { plan, task, pool, keepLogits, memory } = options;
  const work = plan.flatMap((planned) => planned.batches.map((batch) => ({ planned, batch })));
  const models = new Set(plan.flatMap(({ members }) => members.map(({ model }) => model)));
  const sessions = new Map([...models].map((model, index) => [model, `model ${index}`]));
  const most = Math.max(1, Math.floor(memory / sessionBytes(models)));
  const ready = new Map<number, Promise<void>>();
  const done = new Map<Dataset, number>();
  try {
    await pool.share(
      work.length,
      async (place, index) => {
        const piece = work[index];
        if (piece === undefined) return;
        const opening = ready.get(place) ?? openSessions(pool, place, sessions, task);
        ready.set(place, opening);
        await opening;
        const { planned, batch } = piece;
        const members = runMembers(planned, batch, sessions);
        const eachMember = planned.alone !== undefined;
        const reply = await pool.request(place, {
          kind: 'run',
          members,
          width: planned.names.length,
          logits: task.logits,
          keepLogits,
          eachMember,
        });
        spread(reply, planned, batch);
        for (const [member, answers] of (reply.memberAnswers ?? []).entries()) {
          const alone = planned.alone?.[member];
          if (alone !== undefined) spread({ answers }, alone, batch);
        }
        const finished = (done.get(planned.dataset) ?? 0) + batch.indices.length;
        done.set(planned.dataset, finished);
        const { name, examples } = planned.dataset;
        options.onProgress?.({ phase: 'score', dataset: name, done: finished, total: examples.length });
      },
      most,
    );
  } finally {
    await releaseSessions(pool, [...ready.keys()], [...sessions.values()]);
  }
}

/** Bytes of one worker's sessions. While a session opens, onnxruntime holds weights that it reorders (or widens) twice. */
export function sessionBytes(models: ReadonlySet<PreparedModel>): number {
  return 2 * [...models].reduce((sum, { weightBytes }) => sum + weightBytes, 0);
}

/** Opens the models in the worker at `place`. */
export async function openSessions(
  pool: WorkerPool,
  place: number,
  sessions: ReadonlyMap<PreparedModel, string>,
  task: Task,
): Promise<void> {
  for (const [model, key] of sessions) {
    const request: LoadRequest = {
      kind: 'load',
      key,
      name: model.name,
      graph: model.graph,
      config: model.config,
      weights: model.weights,
      autoModel: task.autoModel,
      labels: model.labels.length,
    };
    await pool.request(place, request);
  }
}

/** Closes sessions in the workers that hold them. */
export async function releaseSessions(
  pool: WorkerPool,
  places: readonly number[],
  keys: readonly string[],
): Promise<void> {
  // Workers that ended have nothing to release, and asking them would start new ones.
  const alive = places.filter((place) => pool.isRunning(place));
  await Promise.allSettled(alive.map((place) => pool.request(place, { kind: 'release', keys })));
}

/** What a worker is asked for one batch. */
export function runMembers(
  planned: PlannedDataset,
  batch: Pick<Batch, 'indices'>,
  sessions: ReadonlyMap<PreparedModel, string>,
): RunMember[] {
  // Members of one family share their tokens: one copy travels for all of them.
  const slices = new Map<EncodedDataset, RunMember['batch']>();
  return planned.members.map(({ model, encoded, order }) => {
    const tensors = slices.get(encoded) ?? sliceBatch(encoded, batch.indices);
    slices.set(encoded, tensors);
    return { key: sessions.get(model) ?? '', batch: tensors, ...(order === undefined ? {} : { order }) };
  });
}

/** Puts a worker's answers where their examples are. */
export function spread(
  { answers, votes, logits }: RunReply,
  planned: PlannedDataset,
  batch: Pick<Batch, 'indices'>,
): void {
  const width = planned.names.length;
  let at = 0;
  for (const index of batch.indices) {
    const end = at + (planned.dataset.examples[index]?.labels.length ?? 0);
    planned.answers[index] = answers.subarray(at, end);
    if (planned.votes !== undefined) planned.votes[index] = votes?.subarray(at, end);
    if (logits !== undefined) planned.logits[index] = logits.slice(at * width, end * width);
    at = end;
  }
}
