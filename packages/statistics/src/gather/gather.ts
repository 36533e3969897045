import { type Dataset, tokenise } from '@hubfuse/evaluate';
import { StatisticsError, type StatisticsProvenance } from '@hubfuse/plugin';
import { FORMAT_VERSION } from '../format/metadata.ts';
import type { Measure, MeasuredEntry, MeasuredModel } from '../measure.ts';
import type { GatheringPlan } from './plan-gathering.ts';
import { type EntryValues, runPass, sumBytes } from './run-pass.ts';
import { StatisticsWriter, type WrittenStatistics } from './statistics-writer.ts';

/** Where the weights and the examples come from, for the file's metadata. */
export type GatheringOrigin = Pick<
  StatisticsProvenance,
  'model' | 'modelSha256' | 'revision' | 'dataset' | 'datasetRevision' | 'datasetSha256' | 'split' | 'version'
>;

export interface GatherOptions {
  model: MeasuredModel;
  measure: Measure;
  plan: GatheringPlan;
  dataset: Dataset;
  origin: GatheringOrigin;
  /** Where the file goes. */
  path: string;
  /** Longest input in tokens. Default: what config and tokenizer allow, at most 512. */
  maxLength?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: GatherProgress) => void) | undefined;
}

export interface GatherProgress {
  phase: 'tokenize' | 'gather';
  /** Counted from 1. */
  pass: number;
  passes: number;
  /** Examples of this pass. */
  done: number;
  total: number;
}

/**
 * Runs a model over examples and writes its statistics. The same model, examples and kind give the same bytes for any
 * number of workers and any bound on memory, on one kind of processor.
 * @throws StatisticsError, EvaluationError, GraphError, ResourceError; an aborted `signal` rejects with its reason
 */
export async function gatherStatistics(options: GatherOptions): Promise<WrittenStatistics> {
  const { model, measure, plan, dataset, signal, onProgress } = options;
  const { passes, workers, request } = plan;
  if (plan.measurement.entries.length === 0) {
    throw new StatisticsError({
      code: 'statistics/nothing-to-measure',
      where: model.name,
      message: `the model has nothing to gather ${request.kind} statistics of`,
    });
  }
  const tokenised = await tokenise({
    model: { folder: model.folder },
    dataset,
    registry: model.registry,
    maxLength: options.maxLength,
    workers,
    signal,
    onProgress: ({ done, total }) => onProgress?.({ phase: 'tokenize', pass: 0, passes: passes.length, done, total }),
  });
  const { encoded, labels, tokenizer, maxLength } = tokenised;
  const task = model.registry.get('task', dataset.task);
  const runs = measure.runs({ encoded, labels, dataset, task }, request.variant);
  const total = dataset.examples.length;
  // One room for all passes: that of a pass that has ended would be there until it is collected.
  const sums = new SharedArrayBuffer(Math.max(...passes.map(sumBytes)));
  const writer = await StatisticsWriter.open({ path: options.path, dtype: plan.dtype });
  try {
    const gather = async (entries: readonly MeasuredEntry[], pass: number): Promise<EntryValues[]> => {
      const graph = await plan.measurement.graph(entries.map(({ key }) => key));
      return runPass({
        ...{ name: model.name, graph, entries, sums, runs, dtype: plan.dtype, workers, signal },
        onProgress: (done) => onProgress?.({ phase: 'gather', pass, passes: passes.length, done, total }),
      });
    };
    const [last = [], ...others] = passes.toReversed();
    for (const [index, entries] of others.reverse().entries()) await writer.add(await gather(entries, index + 1));
    const facts = { format: FORMAT_VERSION, ...options.origin, examples: total, task: dataset.task };
    return await writer.finish(await gather(last, passes.length), request, { ...facts, tokenizer, maxLength });
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}
