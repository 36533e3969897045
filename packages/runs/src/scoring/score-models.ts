import { createHash } from 'node:crypto';
import {
  type Answers,
  type DatasetScore,
  type EnsembleInput,
  type ModelInput,
  openScorer,
  packAnswers,
  type ScoreProgress,
  type Scorer,
  type Scores,
  type ScoringEnvironment,
  scoringEnvironment,
} from '@hubfuse/evaluate';
import { HUBFUSE_VERSION } from '@hubfuse/hub';
import { getJson, toJson } from '@hubfuse/objects';
import { type Device, EvaluationError, type ObjectStore, type Registry } from '@hubfuse/plugin';
import type { EvaluateSection } from '@hubfuse/recipe';
import type { SplitScores } from '../report.ts';
import type { ScoringData } from './scoring-data.ts';

/** A model to score and what tells its content. */
export interface ScoredModel {
  name: string;
  input: ModelInput | EnsembleInput;
  /** See `modelIdentity`. */
  identity: string;
  /** Of an ensemble: its members, which are scored along with it. */
  members?: readonly ScoredModel[];
  /** Of an ensemble: how its members' answers become one. Default `mean`. */
  answer?: 'mean' | 'majority';
  /** Of an ensemble that answers by the mean: the same one by majority, which is scored along with it. */
  majority?: ScoredModel;
}

/** Scores of one model on one split. */
export interface ModelScores {
  scores: SplitScores;
  /** Examples by dataset name. */
  examples: Readonly<Record<string, number>>;
  /** By dataset name, with per-example results where the recipe keeps them. */
  details: Readonly<Record<string, DatasetScore>>;
  /** By dataset name what was said on it. */
  answers: Readonly<Record<string, Answers>>;
  /** True where nothing had to be computed. */
  cached: boolean;
  /** Why the scores mean nothing by themselves: the model knows no label of any of the datasets. */
  refusal?: EvaluationError;
  warnings: readonly string[];
}

/** What the store keeps of a score: another format has other keys. */
const CACHE_FORMAT = 2;

interface CachedScore {
  score: DatasetScore;
  /** Differences to other models are computed from them. */
  answers: Answers;
  warnings: readonly string[];
  /** The model knows no label of the dataset. Never stored: for another model it is an error. */
  unknown?: true;
}

/**
 * Scores models on a recipe's data and keeps every score in the store under the content of model and data, the settings
 * and the kind of machine: what was scored once is not scored again, by this run or another one.
 */
export class ModelScorer {
  /** Where new scores are computed. */
  readonly environment: ScoringEnvironment;
  readonly #options: ModelScorerOptions;
  #scorer: Scorer | undefined;

  constructor(options: ModelScorerOptions) {
    this.#options = options;
    this.environment = scoringEnvironment(options.device);
  }

  /**
   * Scores of one model on all datasets that have the split; undefined where none has.
   * @param options.foreign the data may be other models' as well: a dataset of which the model knows no label scores 0,
   * with a warning; where that is every dataset of the split, `refusal` says so
   * @param options.datasets names of those that are wanted; absent: all
   */
  async score(
    model: ScoredModel,
    split: 'dev' | 'test',
    options: { foreign?: boolean; datasets?: readonly string[] | undefined } = {},
  ): Promise<ModelScores | undefined> {
    const data = this.#options.data.filter(({ name, split: of }) => {
      return of === split && options.datasets?.includes(name) !== false;
    });
    if (data.length === 0) return undefined;
    const { store } = this.#options;
    const found = new Map<string, CachedScore>();
    for (const entry of data) {
      const cached = await getJson<CachedScore>(store, this.#key(model, entry));
      if (cached !== undefined) found.set(entry.name, cached.value);
    }
    const missing = data.filter(({ name }) => !found.has(name));
    if (missing.length > 0) {
      try {
        await this.#compute(model, missing, found);
      } catch (error) {
        if (options.foreign !== true || !knowsNoLabel(error)) throw error;
        await this.#computeEach(model, missing, found);
        if (data.every(({ name }) => found.get(name)?.unknown === true)) {
          return { ...collect(data, found, false), refusal: error };
        }
      }
    }
    return collect(data, found, missing.length === 0);
  }

  /** Scores one dataset at a time, so that those which the model cannot answer are told from the others. */
  async #computeEach(model: ScoredModel, data: readonly ScoringData[], found: Map<string, CachedScore>): Promise<void> {
    for (const entry of data) {
      try {
        await this.#compute(model, [entry], found);
      } catch (error) {
        if (!knowsNoLabel(error)) throw error;
        found.set(entry.name, await unanswered({ model, data: entry, words: this.#wordwise }));
      }
    }
  }

  async close(): Promise<void> {
    await this.#scorer?.close();
  }

  /** Whether an example has a label for each of its words. */
  get #wordwise(): boolean {
    const { registry, evaluate } = this.#options;
    return registry.get('task', evaluate.task).logits === 'token';
  }

  async #compute(model: ScoredModel, data: readonly ScoringData[], found: Map<string, CachedScore>): Promise<void> {
    const { evaluate, registry, workers, memory, device, signal, onProgress } = this.#options;
    const scorer = this.#scorer ?? openScorer({ registry, workers, memory, device });
    this.#scorer = scorer;
    const scores = await scorer.score({
      model: model.input,
      task: evaluate.task,
      metric: evaluate.metric,
      datasets: await Promise.all(data.map((entry) => entry.load())),
      maxLength: evaluate.maxLength,
      batchTokens: evaluate.batchTokens,
      keepExamples: true,
      eachMember: model.members !== undefined,
      signal,
      onProgress: (progress) => onProgress?.({ model: model.name, ...progress }),
    });
    for (const [index, member] of (model.members ?? []).entries()) {
      const alone = scores.members?.[index];
      if (alone !== undefined) await this.#keep(member, data, alone);
    }
    if (model.majority !== undefined && scores.majority !== undefined) {
      await this.#keep(model.majority, data, scores.majority);
    }
    const own = model.answer === 'majority' ? (scores.majority ?? scores) : scores;
    for (const [name, kept] of await this.#keep(model, data, own)) found.set(name, kept);
  }

  async #keep(model: ScoredModel, data: readonly ScoringData[], scores: Scores): Promise<Map<string, CachedScore>> {
    const kept = new Map<string, CachedScore>();
    for (const entry of data) {
      const score = scores.datasets[entry.name];
      if (score === undefined) throw missingScore(model.name, entry.name);
      const { perExample = [], ...rest } = score;
      const value: CachedScore = {
        score: this.#options.evaluate.keepExamples ? score : rest,
        answers: packAnswers(perExample),
        warnings: scores.warnings,
      };
      await this.#options.store.put(this.#key(model, entry), toJson(value));
      kept.set(entry.name, value);
    }
    return kept;
  }

  #key(model: ScoredModel, data: ScoringData): string {
    const { task, metric, maxLength, batchTokens, keepExamples } = this.#options.evaluate;
    const content = [
      CACHE_FORMAT,
      model.identity,
      data.identity,
      data.domain,
      task,
      metric ?? this.#options.registry.get('task', task).metric,
      maxLength,
      batchTokens,
      keepExamples,
      this.environment,
      HUBFUSE_VERSION,
    ];
    const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex');
    return `scores/${digest}.json`;
  }
}

export interface ModelScorerOptions {
  store: ObjectStore;
  registry: Registry;
  evaluate: EvaluateSection;
  data: readonly ScoringData[];
  /** Worker threads. Default: the evaluator's own. */
  workers?: number | undefined;
  /** Where scores are computed. Default `cpu`. */
  device?: Device | undefined;
  /** Bytes that the weights in all workers may take. Default: no limit. */
  memory?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: ScoreProgress & { model: string }) => void) | undefined;
}

function collect(data: readonly ScoringData[], found: ReadonlyMap<string, CachedScore>, cached: boolean): ModelScores {
  const entries = data.flatMap(({ name, domain }) => {
    const kept = found.get(name);
    return kept === undefined ? [] : [{ name, domain, ...kept }];
  });
  const mean = (domain: 'in' | 'out'): number | undefined => {
    const of = entries.filter((entry) => entry.domain === domain).map(({ score }) => score.score);
    return of.length === 0 ? undefined : of.reduce((sum, score) => sum + score, 0) / of.length;
  };
  const outOfDomainMean = mean('out');
  return {
    scores: {
      datasets: Object.fromEntries(entries.map(({ name, score }) => [name, score.score])),
      mean: mean('in') ?? Number.NaN,
      ...(outOfDomainMean === undefined ? {} : { outOfDomainMean }),
    },
    examples: Object.fromEntries(entries.map(({ name, score }) => [name, score.examples])),
    details: Object.fromEntries(entries.map(({ name, score }) => [name, score])),
    answers: Object.fromEntries(entries.map(({ name, answers }) => [name, answers])),
    cached,
    warnings: [...new Set(entries.flatMap(({ warnings }) => warnings))],
  };
}

function knowsNoLabel(error: unknown): error is EvaluationError {
  return error instanceof EvaluationError && error.code === 'evaluate/labels-unknown';
}

/** Every example is wrong, whatever the metric: no metric of ours gives less than 0 to answers that never fit. */
async function unanswered(options: { model: ScoredModel; data: ScoringData; words: boolean }): Promise<CachedScore> {
  const { model, data, words } = options;
  const { examples } = await data.load();
  const { name, domain } = data;
  const answers = packAnswers(
    examples.map(({ labels }) => {
      const reference = labels.map(String);
      return words
        ? { prediction: reference.map(() => ''), reference }
        : { prediction: '', reference: reference[0] ?? '' };
    }),
  );
  return {
    score: { score: 0, examples: examples.length, domain, unknownLabels: {}, cut: 0 },
    answers,
    warnings: [`${model.name} knows no label of "${name}": it scores 0 there`],
    unknown: true,
  };
}

function missingScore(model: string, dataset: string): EvaluationError {
  return new EvaluationError({
    code: 'evaluate/no-score',
    where: model,
    message: `the evaluator gave no score for the dataset "${dataset}"`,
  });
}
