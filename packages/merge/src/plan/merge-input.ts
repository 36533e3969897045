import type { ModelSource, ModelStatistics } from '@hubfuse/plugin';
import type { Checkpoint } from '@hubfuse/tensors';

/** A model as the planner sees it: pinned files, headers, config.json. */
export interface MergeInput {
  source: ModelSource;
  checkpoint: Checkpoint;
  config: Readonly<Record<string, unknown>>;
  /** For a method that reads statistics: the model's. */
  statistics?: ModelStatistics | undefined;
}

/** A model with its place in the merge. */
export interface PlacedInput extends MergeInput {
  /** Index into `MergePlan.inputs`. */
  index: number;
  role: 'base' | 'model';
}

/** Class of the model as config.json says, e.g. `BertForSequenceClassification`. */
export function classOf(input: Pick<MergeInput, 'config'>): string | undefined {
  const { architectures } = input.config;
  const first: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  return typeof first === 'string' ? first : undefined;
}

export function modelTypeOf(input: Pick<MergeInput, 'config'>): string | undefined {
  const type = input.config.model_type;
  return typeof type === 'string' ? type : undefined;
}
