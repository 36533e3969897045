import { EvaluationError, HubfuseError, type Metric, type Task } from '@hubfuse/plugin';
import { EncodedCache } from '../encoded-cache.ts';
import { defaultWorkers } from '../environment.ts';
import { requireRuntime } from '../require-runtime.ts';
import type { ModelInput } from '../scorer-types.ts';
import type { ScoringEnvironment } from '../scores.ts';
import { type PlannedDataset, planScoring, runScoring, sessionBytes } from '../scoring.ts';
import { scoringEnvironment } from '../scoring-environment.ts';
import { predictionOf, referencesOf } from '../summarise.ts';
import { WorkerPool } from '../worker-pool.ts';
import { checkBatches, checkRace } from './check-race.ts';
import { composeBatches } from './compose-batches.ts';
import { expectedCosts } from './expected-costs.ts';
import { PreparedCandidates } from './prepared-candidates.ts';
import { RaceCrew } from './race-crew.ts';
import { RaceEntry } from './race-entry.ts';
import type { Race, RaceBatches, RaceOptions, RaceTrace, Verdict } from './race-types.ts';
import { RisingBar } from './rising-bar.ts';
import { Tally } from './tally.ts';
import { verdictOf } from './verdict-of.ts';

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
  readonly environment: ScoringEnvironment;
  readonly #options: RaceOptions;
  readonly #task: Task;
  readonly #metric: Metric;
  readonly #pool: WorkerPool;
  readonly #cache: EncodedCache;
  readonly #crew: RaceCrew;
  readonly #prepared: PreparedCandidates;
  #batches: RaceBatches | undefined;
  #candidates = 0;

  constructor(options: RaceOptions) {
    const { registry, device } = options;
    this.environment = scoringEnvironment(device);
    this.#task = registry.get('task', options.task);
    this.#metric = registry.get('metric', options.metric ?? this.#task.metric);
    this.#options = { ...options, datasets: checkRace(options, this.#task, this.#metric) };
    this.#pool = new WorkerPool({
      workers: options.workers ?? defaultWorkers(),
      timeout: options.timeout ?? DEFAULT_TIMEOUT_SECONDS,
      modules: registry.modules,
      device,
    });
    this.#cache = new EncodedCache(this.#pool);
    this.#crew = new RaceCrew({ pool: this.#pool, task: this.#task });
    this.#prepared = new PreparedCandidates({ task: this.#task, registry, maxLength: options.maxLength });
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
    return this.#pool.abortable(options.signal, async () => {
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
        const costs = expectedCosts(plans, { task: this.#task, metric: this.#metric });
        return { lengths: plans[0]?.members[0]?.encoded.lengths ?? [], costs };
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

  async run(candidate: ModelInput, options: Parameters<Race['run']>[1] = {}): Promise<Verdict> {
    const { full = false, signal, onClosed } = options;
    const bar = typeof options.bar === 'number' ? settledBar(options.bar) : options.bar;
    const { trace, cause } = await this.trace(candidate, { bar: full ? undefined : bar, signal, onClosed });
    await bar?.settled;
    const verdict = verdictOf(trace, bar?.value);
    if (verdict === undefined) throw new RangeError('a candidate was given up against a bar that then sank');
    if (verdict.failure !== undefined) throw cause;
    return verdict;
  }

  async trace(
    candidate: ModelInput,
    options: Parameters<Race['trace']>[1] = {},
  ): Promise<{ trace: RaceTrace; cause?: unknown }> {
    const { bar, signal, onClosed } = options;
    let isOpen = false;
    try {
      return await this.#pool.abortable(signal, async () => {
        const { entry, bounded } = await this.#enter(candidate, bar);
        isOpen = true;
        const models = new Set(entry.sessions.keys());
        const { memory = Number.POSITIVE_INFINITY } = this.#options;
        const { closed } = await this.#crew.run(entry, Math.max(1, Math.floor(memory / sessionBytes(models))));
        if (onClosed === undefined) await closed;
        else void closed.then(onClosed);
        const { standings, failure } = entry.outcome;
        const { datasets } = this.#options;
        const trace: RaceTrace = {
          bounded,
          // Where no bar may decide early, what stood on the way is of no use.
          standings: bounded ? standings : standings.slice(-1),
          datasets: datasets.map(({ name }) => name),
          total: datasets.reduce((sum, { examples }) => sum + examples.length, 0),
        };
        if (failure === undefined) return { trace };
        return { trace: { ...trace, failure: summaryOf(failure.cause) }, cause: failure.cause };
      });
    } finally {
      if (!isOpen) onClosed?.();
    }
  }

  /** A candidate that nobody has begun with. */
  async #enter(candidate: ModelInput, bar: RisingBar | undefined): Promise<{ entry: RaceEntry; bounded: boolean }> {
    const stored = this.#batches;
    if (stored === undefined) {
      throw new EvaluationError({
        code: 'evaluate/no-batches',
        message: 'a race has no batches before it is composed from its initial population',
      });
    }
    const plan = await this.#plan(candidate);
    const bounded = bar !== undefined && this.bounded;
    const entry = new RaceEntry({
      plan,
      batches: stored.batches,
      tally: new Tally(
        this.#metric,
        plan.map((planned) => referencesOf(planned, this.#task)),
      ),
      name: `candidate ${++this.#candidates}`,
      bar: bounded ? bar : undefined,
      count: ({ dataset, examples }, tally) => {
        const planned = plan[dataset] as PlannedDataset;
        const answers = examples.map((example) => {
          return { example, prediction: predictionOf(planned, this.#task, example) };
        });
        tally.add(dataset, answers);
      },
    });
    return { entry, bounded };
  }

  async close(): Promise<void> {
    await this.#pool.end(new EvaluationError({ code: 'evaluate/closed', message: 'the race was closed' }));
  }

  async #plan(model: ModelInput): Promise<PlannedDataset[]> {
    return planScoring({
      datasets: this.#options.datasets,
      members: [await this.#prepared.get(model)],
      task: this.#task,
      cache: this.#cache,
      batchTokens: this.#options.batchTokens ?? DEFAULT_BATCH_TOKENS,
      eachMember: false,
      onProgress: undefined,
    });
  }
}

function settledBar(value: number): RisingBar {
  const bar = new RisingBar(value);
  bar.settle(value);
  return bar;
}

function summaryOf(cause: unknown): string {
  return cause instanceof HubfuseError ? cause.summary : String(cause);
}
