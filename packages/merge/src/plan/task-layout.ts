import { encodeHeader, storageOrder } from '@hubfuse/tensors';
import type { Draft } from './draft-tensors.ts';
import { headName } from './heads.ts';
import { labelsOf } from './labels.ts';
import { classOf, type PlacedInput } from './merge-input.ts';
import type { KeptHead, PlannedOutput, PlannedTask, PlannedTensor } from './merge-plan.ts';
import type { Naming } from './naming.ts';

/** Metadata of the files of a result per task: no loader of models takes them for weights. */
export const TASKS_METADATA: Readonly<Record<string, string>> = { format: 'hubfuse-tasks', version: '1' };

/** Names of the files that all tasks share, below the output folder. */
export const TASK_FILES = {
  description: 'hubfuse-tasks.json',
  base: 'base.safetensors',
  vector: 'vector.safetensors',
  rescalers: 'rescalers.safetensors',
} as const;

export interface TaskLayout {
  tensors: PlannedTensor[];
  outputs: PlannedOutput[];
  tasks: PlannedTask[];
  /** What each task has for itself. */
  own: KeptHead[];
}

/**
 * Lays out a result per task: the base, the unified vector in float32, a mask per task with a bit per value, and the
 * tensors that stay with a task.
 */
export function layOutTasks(options: {
  drafts: readonly Draft[];
  models: readonly PlacedInput[];
  naming: Naming;
}): TaskLayout {
  const { drafts, models, naming } = options;
  const merged = drafts.filter(({ rule }) => rule === 'method');
  const vector = place(
    merged.map((draft): Draft => ({ ...draft, dtype: 'F32' })),
    0,
  );
  const base = place(storageOrder(drafts.map(baseCopy)), 1);
  const bits = merged.map(({ name, length }) => ({ name, dtype: 'U8' as const, shape: [Math.ceil(length / 8)] }));
  const mask = encodeHeader({ tensors: bits, metadata: TASKS_METADATA });
  const shared = new Set(drafts.map(({ name }) => naming.canonical(name)));
  const taken = new Set<string>();
  const named = models.map((model) => ({ model, folder: `tasks/${headName(model.source, taken)}` }));
  const outputs: PlannedOutput[] = [
    { path: TASK_FILES.vector, size: vector.size },
    { path: TASK_FILES.base, size: base.size },
    ...named.map(({ folder }) => ({ path: `${folder}/mask.safetensors`, size: mask.fileSize, masks: true })),
  ];
  const withMasks = vector.tensors.map((tensor, i) => {
    const offset = mask.offsets[i] as number;
    return { ...tensor, masks: models.map((_, model) => ({ output: 2 + model, offset })) };
  });
  const own = named.flatMap(({ model, folder }) => ownTensors({ model, folder, shared, naming }));
  return {
    tensors: [...withMasks, ...base.tensors],
    outputs,
    tasks: named.map(({ model, folder }) => ({ name: folder.slice('tasks/'.length), input: model.index, folder })),
    own,
  };
}

/** Positions in one output file, in the order given. */
function place(drafts: readonly Draft[], output: number): { tensors: PlannedTensor[]; size: number } {
  const header = encodeHeader({ tensors: drafts, metadata: TASKS_METADATA });
  const tensors = drafts.map((draft, i) => ({ ...draft, output, offset: header.offsets[i] as number }));
  return { tensors, size: header.fileSize };
}

function baseCopy(draft: Draft): Draft {
  const { base, statistics: _, ...rest } = draft;
  if (draft.rule === 'copy' || base === undefined) return draft;
  return { ...rest, rule: 'copy', note: "the base's values, from which tasks are rebuilt", parts: [base] };
}

function ownTensors(options: {
  model: PlacedInput;
  folder: string;
  shared: ReadonlySet<string>;
  naming: Naming;
}): KeptHead[] {
  const { model, folder, shared, naming } = options;
  const tensors = [...model.checkpoint.tensors.values()].flatMap(({ name, file, offset, dtype, shape }) => {
    const outputName = naming.canonical(name);
    return shared.has(outputName) ? [] : [{ input: model.index, name, file, offset, dtype, shape, outputName }];
  });
  if (tensors.length === 0) return [];
  const path = `${folder}/own.safetensors`;
  return [{ input: model.index, path, labels: labelsOf(model) ?? [], className: classOf(model) ?? '', tensors }];
}
