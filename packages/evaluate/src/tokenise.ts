import { EvaluationError, type Registry } from '@hubfuse/plugin';
import type { Dataset } from './dataset.ts';
import { EncodedCache } from './encoded-cache.ts';
import type { EncodedDataset } from './encoded-dataset.ts';
import { defaultWorkers } from './environment.ts';
import { prepareModel } from './prepare-model.ts';
import { requireRuntime } from './require-runtime.ts';
import type { ModelInput, ScoreProgress } from './scorer-types.ts';
import { WorkerPool } from './worker-pool.ts';

const DEFAULT_TIMEOUT_SECONDS = 300;

export interface TokeniseOptions {
  /** The model whose tokenizer and head decide; it must have one head for the dataset's task. */
  model: ModelInput;
  dataset: Dataset;
  registry: Registry;
  /** Longest input in tokens. Default: what config and tokenizer allow, at most 512. */
  maxLength?: number | undefined;
  /** Threads. Default: the processors available, at most 8. */
  workers?: number | undefined;
  /** Seconds after which a thread counts as hung. Default 300. */
  timeout?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: ScoreProgress) => void) | undefined;
}

/** A dataset in the tokens of a model. */
export interface TokenisedDataset {
  encoded: EncodedDataset;
  /** Label names in the order of the model's logits. */
  labels: readonly string[];
  /** SHA-256 over the tokenizer's files. */
  tokenizer: string;
  /** Longest input in tokens. */
  maxLength: number;
}

/**
 * Tokenises a dataset as scoring does, without loading the model.
 * @throws EvaluationError where the model has no head, or several, for the dataset's task
 */
export async function tokenise(options: TokeniseOptions): Promise<TokenisedDataset> {
  requireRuntime();
  const { dataset, registry, signal } = options;
  const task = registry.get('task', dataset.task);
  const [model, ...others] = await prepareModel(options.model, { task, registry, maxLength: options.maxLength });
  if (model === undefined || others.length > 0) {
    throw new EvaluationError({
      code: 'evaluate/several-heads',
      where: model?.name,
      message: 'the model keeps several heads for one task, and one must be meant',
      hint: 'name one of the models that the heads come from',
    });
  }
  const pool = new WorkerPool({
    workers: options.workers ?? defaultWorkers(),
    timeout: options.timeout ?? DEFAULT_TIMEOUT_SECONDS,
    modules: registry.modules,
  });
  const total = dataset.examples.length;
  try {
    const encoded = await new EncodedCache(pool).get(dataset, model, (done) => {
      signal?.throwIfAborted();
      options.onProgress?.({ phase: 'tokenize', dataset: dataset.name, done, total });
    });
    return { encoded, labels: model.labels, tokenizer: model.tokenizer, maxLength: model.maxLength };
  } finally {
    await pool.end(new EvaluationError({ code: 'evaluate/closed', message: 'the tokenisation was ended' }));
  }
}
