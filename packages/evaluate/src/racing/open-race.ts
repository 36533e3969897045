import { EvaluationError, type Metric, type Task } from '@hubfuse/plugin';
import { EncodedCache } from '../encoded-cache.ts';
import { defaultWorkers } from '../environment.ts';
import { type PreparedModel, prepareModel } from '../prepare-model.ts';
import { requireRuntime } from '../require-runtime.ts';
import type { ModelInput } from '../scorer-types.ts';
import {
  openSessions,
  type PlannedDataset,
  planScoring,
  releaseSessions,
  runMembers,
  runScoring,
  sessionBytes,
  spread,
} from '../scoring.ts';
import { scoringEnvironment } from '../scoring-environment.ts';
import { predictionOf, referencesOf } from '../summarise.ts';
import { WorkerPool } from '../worker-pool.ts';
import { checkBatches, checkRace } from './check-race.ts';
import { composeBatches } from './compose-batches.ts';
import { difficultyOf } from './difficulty.ts';
import type { Race, RaceBatch, RaceBatches, RaceOptions, Verdict } from './race-types.ts';
import { Tally } from './tally.ts';

const DEFAULT_TIMEOUT_SECONDS = 300;
const DEFAULT_BATCH_TOKENS = 512;

/**
 * Opens a race; its threads start with the first model. Close it when done.
 * @throws EvaluationError where the metric does not fit the task or there is nothing to score on
 */
export function openRace(options: RaceOptions): Race {
  requireRuntime();
  return new PooledRace(options);
}

class PooledRace implements Race {
  readonly environment = scoringEnvironment();
  readonly #options: RaceOptions;
  readonly #task: Task;
  readonly #metric: Metric;
  readonly #pool: WorkerPool;
  readonly #cache: EncodedCache;
  #batches: RaceBatches | undefined;

  constructor(options: RaceOptions) {
    const { registry } = options;
    this.#task = registry.get('task', options.task);
    this.#metric = registry.get('metric', options.metric ?? this.#task.metric);
    this.#options = { ...options, datasets: checkRace(options, this.#task, this.#metric) };
    this.#pool = new WorkerPool({
      workers: options.workers ?? defaultWorkers(),
      timeout: options.timeout ?? DEFAULT_TIMEOUT_SECONDS,
      modules: registry.modules,
    });
    this.#cache = new EncodedCache(this.#pool);
  }

  get bounded(): boolean {
    return this.#metric.monotone === true;
  }

  get metric(): string {
    return this.#metric.name;
  }

  get seconds(): Race['seconds'] {
    return { load: this.#pool.seconds('load') + this.#pool.seconds('release'), run: this.#pool.seconds('run') };
  }

  async compose(
    initial: AsyncIterable<ModelInput> | Iterable<ModelInput>,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<RaceBatches> {
    return this.#abortable(options.signal, async () => {
      const { datasets, batchTokens = DEFAULT_BATCH_TOKENS } = this.#options;
      const scored: PlannedDataset[][] = [];
      for await (const model of initial) {
        const plan = await this.#plan(model);
        await runScoring({
          plan,
          task: this.#task,
          pool: this.#pool,
          keepLogits: true,
          memory: this.#options.memory ?? Number.POSITIVE_INFINITY,
          onProgress: undefined,
        });
        scored.push(plan);
      }
      const raced = datasets.map((_, index) => {
        const plans = scored.flatMap((plan) => plan[index] ?? []);
        return { lengths: plans[0]?.members[0]?.encoded.lengths ?? [], difficulty: difficultyOf(plans) };
      });
      const batches: RaceBatches = {
        version: 1,
        datasets: datasets.map(({ name, examples }) => ({ name, examples: examples.length })),
        batches: composeBatches(raced, batchTokens),
      };
      this.use(batches);
      return batches;
    });
  }

  use(batches: RaceBatches): void {
    checkBatches(batches, this.#options.datasets);
    this.#batches = batches;
  }

  async run(
    candidate: ModelInput,
    options: { bar?: number | undefined; full?: boolean; signal?: AbortSignal | undefined } = {},
  ): Promise<Verdict> {
    const { bar, full = false, signal } = options;
    const batches = this.#batches;
    if (batches === undefined) {
      throw new EvaluationError({
        code: 'evaluate/no-batches',
        message: 'a race has no batches before it is composed from its initial population',
      });
    }
    const mayReject = bar !== undefined && !full && this.bounded;
    return this.#abortable(signal, async () => {
      const plan = await this.#plan(candidate);
      const tally = new Tally(
        this.#metric,
        plan.map((planned) => referencesOf(planned, this.#task)),
      );
      const rejected = (): boolean => mayReject && tally.mean <= bar;
      await this.#score(plan, { batches: batches.batches, tally, rejected });
      return this.#verdict(tally, { bar, rejected: rejected() });
    });
  }

  async close(): Promise<void> {
    await this.#pool.end(new EvaluationError({ code: 'evaluate/closed', message: 'the race was closed' }));
  }

  /**
   * Runs the batches in order until the candidate is rejected. Answers count in the order of the batches, whoever is
   * ready first: so the decision rests on the same examples for any number of workers.
   */
  async #score(
    plan: readonly PlannedDataset[],
    options: { batches: readonly RaceBatch[]; tally: Tally; rejected(): boolean },
  ): Promise<void> {
    const { batches, tally, rejected } = options;
    const models = new Set(plan.flatMap(({ members }) => members.map(({ model }) => model)));
    const sessions = new Map([...models].map((model, index) => [model, `model ${index}`]));
    const most = Math.max(1, Math.floor((this.#options.memory ?? Number.POSITIVE_INFINITY) / sessionBytes(models)));
    const opening = new Map<number, Promise<void>>();
    const answered: boolean[] = [];
    let counted = 0;
    let stopped = rejected();
    const count = (): void => {
      for (; answered[counted] === true && !stopped; counted++) {
        const { dataset, examples } = batches[counted] as RaceBatch;
        const planned = plan[dataset] as PlannedDataset;
        const answers = examples.map((example) => ({
          example,
          prediction: predictionOf(planned, this.#task, example),
        }));
        tally.add(dataset, answers);
        stopped = rejected();
      }
    };
    try {
      await this.#pool.share(
        batches.length,
        async (place, index) => {
          if (stopped) return;
          const opened = opening.get(place) ?? openSessions(this.#pool, place, sessions, this.#task);
          opening.set(place, opened);
          await opened;
          if (stopped) return;
          const { dataset, examples } = batches[index] as RaceBatch;
          const planned = plan[dataset] as PlannedDataset;
          const batch = { indices: examples };
          const members = runMembers(planned, batch, sessions);
          const request = {
            kind: 'run',
            members,
            width: planned.names.length,
            logits: this.#task.logits,
            keepLogits: false,
            eachMember: false,
          } as const;
          spread(await this.#pool.request(place, request), planned, batch);
          answered[index] = true;
          count();
        },
        most,
      );
    } finally {
      await releaseSessions(this.#pool, [...opening.keys()], [...sessions.values()]);
    }
  }

  #verdict(tally: Tally, { bar, rejected }: { bar: number | undefined; rejected: boolean }): Verdict {
    const { datasets } = this.#options;
    const total = datasets.reduce((sum, { examples }) => sum + examples.length, 0);
    const { examples, mean } = tally;
    if (rejected && examples < total) return { accepted: false, bound: mean, examples, total };
    const scores = datasets.map(({ name }, index) => [name, tally.scores[index] ?? 0] as const);
    return {
      accepted: bar === undefined || mean > bar,
      score: mean,
      datasets: Object.fromEntries(scores),
      examples,
      total,
    };
  }

  async #plan(model: ModelInput): Promise<PlannedDataset[]> {
    const { registry, maxLength, datasets } = this.#options;
    const heads: PreparedModel[] = await prepareModel(model, { task: this.#task, registry, maxLength });
    return planScoring({
      datasets,
      members: [heads],
      task: this.#task,
      cache: this.#cache,
      batchTokens: this.#options.batchTokens ?? DEFAULT_BATCH_TOKENS,
      eachMember: false,
      onProgress: undefined,
    });
  }

  /** A run inside onnxruntime cannot be interrupted: an abort ends the threads. */
  async #abortable<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const onAbort = (): void => {
      this.#pool.end(signal?.reason).catch(() => {});
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await work();
    } catch (cause) {
      signal?.throwIfAborted();
      throw cause;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }
}
