import { EvaluationError, type Metric, type Task } from '@hubfuse/plugin';
import { EncodedCache } from './encoded-cache.ts';
import { defaultWorkers } from './environment.ts';
import { prepareModel } from './prepare-model.ts';
import { requireRuntime } from './require-runtime.ts';
import type { ScoreOptions, Scorer, ScorerOptions } from './scorer-types.ts';
import type { Scores } from './scores.ts';
import { planScoring, runScoring } from './scoring.ts';
import { summarise } from './summarise.ts';
import { WorkerPool } from './worker-pool.ts';

const DEFAULT_TIMEOUT_SECONDS = 300;
const DEFAULT_BATCH_TOKENS = 512;

/** Starts a scorer; its threads start with the first model. Close it when done. */
export function openScorer(options: ScorerOptions): Scorer {
  requireRuntime();
  return new PooledScorer(options);
}

/** Scores one model and ends the threads: for more than one, `openScorer` tokenises less. */
export async function score(options: ScoreOptions & ScorerOptions): Promise<Scores> {
  const scorer = openScorer(options);
  try {
    return await scorer.score(options);
  } finally {
    await scorer.close();
  }
}

class PooledScorer implements Scorer {
  readonly #options: ScorerOptions;
  readonly #pool: WorkerPool;
  readonly #cache: EncodedCache;
  /** One model at a time: the workers are busy with it anyway, and ending them would hit another one. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ScorerOptions) {
    const workers = options.workers ?? defaultWorkers();
    if (!Number.isInteger(workers) || workers < 1) {
      throw new EvaluationError({
        code: 'evaluate/bad-workers',
        message: `the number of workers is ${workers} where a positive integer is needed`,
      });
    }
    this.#options = options;
    this.#pool = new WorkerPool({
      workers,
      timeout: options.timeout ?? DEFAULT_TIMEOUT_SECONDS,
      modules: options.registry.modules,
      device: options.device,
    });
    this.#cache = new EncodedCache(this.#pool);
  }

  score(options: ScoreOptions): Promise<Scores> {
    const scores = this.#turn.then(() => this.#pool.abortable(options.signal, () => this.#score(options)));
    this.#turn = scores.catch(() => {});
    return scores;
  }

  async close(): Promise<void> {
    await this.#pool.end(new EvaluationError({ code: 'evaluate/closed', message: 'the scorer was closed' }));
  }

  async #score(options: ScoreOptions): Promise<Scores> {
    const { registry } = this.#options;
    const task = registry.get('task', options.task);
    const metric = registry.get('metric', options.metric ?? task.metric);
    checkRequest(options, task, metric);
    const inputs = 'ensemble' in options.model ? options.model.ensemble : [options.model];
    const members = await Promise.all(
      inputs.map((input) => prepareModel(input, { task, registry, maxLength: options.maxLength })),
    );
    const plan = await planScoring({
      datasets: options.datasets,
      members,
      task,
      cache: this.#cache,
      batchTokens: options.batchTokens ?? DEFAULT_BATCH_TOKENS,
      eachMember: options.eachMember ?? false,
      onProgress: options.onProgress,
    });
    const keepLogits = options.keepLogits ?? false;
    const keepExamples = keepLogits || (options.keepExamples ?? false);
    await runScoring({
      plan,
      task,
      pool: this.#pool,
      keepLogits,
      memory: this.#options.memory ?? Number.POSITIVE_INFINITY,
      onProgress: options.onProgress,
    });
    const { device } = this.#options;
    const mean = summarise({ plan, task, metric, keepExamples, device });
    const voted = plan.flatMap(({ votes, ...planned }) =>
      votes === undefined ? [] : [{ ...planned, answers: votes }],
    );
    const scores =
      voted.length < plan.length
        ? mean
        : { ...mean, majority: summarise({ plan: voted, task, metric, keepExamples, device }) };
    if (options.eachMember !== true) return scores;
    return {
      ...scores,
      members: members.map((_, member) => {
        const alone = plan.flatMap((planned) => planned.alone?.[member] ?? []);
        return alone.length < plan.length ? undefined : summarise({ plan: alone, task, metric, keepExamples, device });
      }),
    };
  }
}

function checkRequest({ datasets, model }: ScoreOptions, task: Task, metric: Metric): void {
  const fail = (code: string, message: string, hint?: string): never => {
    throw new EvaluationError({ code: `evaluate/${code}`, message, hint });
  };
  if (!metric.tasks.includes(task.name)) {
    fail(
      'metric-of-other-task',
      `the metric ${metric.name} is not for ${task.name}`,
      `for: ${metric.tasks.join(', ')}`,
    );
  }
  if (datasets.length === 0) fail('no-datasets', 'there are no datasets to score on');
  if ('ensemble' in model && model.ensemble.length === 0) fail('no-models', 'the ensemble has no members');
  const names = new Set<string>();
  for (const dataset of datasets) {
    if (names.has(dataset.name)) fail('duplicate-dataset', `two datasets are named "${dataset.name}"`);
    if (dataset.task !== task.name)
      fail('other-task', `"${dataset.name}" was read for ${dataset.task}, not ${task.name}`);
    names.add(dataset.name);
  }
}
