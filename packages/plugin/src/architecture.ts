/** What the architecture of a model is known by when its graph is built. */
export interface ModelDescription {
  /** Class of the model as config.json's `architectures` names it, e.g. `BertForSequenceClassification`. */
  className: string;
  /** config.json as it stands: keys that are missing take the defaults of the transformers class. */
  config: Readonly<Record<string, unknown>>;
}

/**
 * What a model family needs to be merged by meaning and scored: the names of its parts and a builder of its ONNX graph.
 * One file per architecture.
 *
 * Names of tensors below are canonical: those that the current transformers release writes for a model with a head.
 */
export interface Architecture {
  kind: 'architecture';
  /** The family's name, e.g. `bert`. */
  name: string;
  /** Values of config.json's `model_type` that it covers. */
  modelTypes: readonly string[];
  /** Classes of config.json's `architectures` that it can build. */
  classes: readonly string[];
  /** Prefix of the bare encoder's tensors inside models with a head, without the dot (`bert`). */
  prefix: string;
  /** First parts of the names of head tensors, which stand outside the prefix (`classifier`, `cls`). */
  heads: readonly string[];
  /** Head tensors that hold one row per label, in the order of `id2label` (`classifier.weight`, `classifier.bias`). */
  labelTensors: readonly string[];
  /** Ends of names in older files, and what current files say instead (`['.LayerNorm.gamma', '.LayerNorm.weight']`). */
  legacyNames: readonly (readonly [legacy: string, current: string])[];
  /** A tensor that need not be stored, and the tensor that it then equals. */
  tied: Readonly<Record<string, string>>;
  /** Ends of names of stored buffers that are no weights (`.position_ids`). */
  buffers: readonly string[];
  /**
   * Emits the graph of a model. The builder is the `GraphBuilder` of `@hubfuse/graphs`, whose `defineArchitecture` types
   * this function; this floor only carries it.
   */
  build(builder: unknown, model: ModelDescription): void;
}

/** The parts of an architecture that say what its tensors are called. */
export type TensorNaming = Pick<Architecture, 'prefix' | 'heads' | 'legacyNames'>;

/** What `DataParallel`, `torch.compile` and trainers that hold the model in a field put before every name. */
const WRAPPERS = ['module', '_orig_mod', 'model'];

/** A stored name without what a wrapper around the model put before it. */
export function unwrappedTensorName(stored: string, { prefix, heads }: Pick<TensorNaming, 'prefix' | 'heads'>): string {
  let name = stored;
  for (;;) {
    const first = firstPart(name);
    if (!WRAPPERS.includes(first) || first === name || first === prefix || heads.includes(first)) return name;
    name = name.slice(first.length + 1);
  }
}

/**
 * The canonical name of a stored tensor: what a wrapper put before it is taken off, legacy endings are replaced, and a tensor
 * of the bare encoder gets the prefix that it lacks in files that were saved without a head
 * (`embeddings.LayerNorm.gamma` of a BertModel becomes `bert.embeddings.LayerNorm.weight`).
 */
export function canonicalTensorName(stored: string, naming: TensorNaming): string {
  let name = unwrappedTensorName(stored, naming);
  for (const [legacy, current] of naming.legacyNames) {
    if (name.endsWith(legacy)) name = name.slice(0, -legacy.length) + current;
  }
  const first = firstPart(name);
  return first === naming.prefix || naming.heads.includes(first) ? name : `${naming.prefix}.${name}`;
}

function firstPart(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? name : name.slice(0, dot);
}

/** Whether a canonical name is that of a head's tensor. */
export function isHeadTensor(canonical: string, naming: TensorNaming): boolean {
  return !canonical.startsWith(`${naming.prefix}.`);
}
