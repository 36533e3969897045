/**
 * What a model family needs to be merged by meaning and scored: names of its parts and a builder of its ONNX graph.
 * One file per architecture.
 */
export interface Architecture {
  kind: 'architecture';
  /** The family's name, e.g. `bert`. */
  name: string;
  /** Values of config.json's `model_type` that it covers. */
  modelTypes: readonly string[];
  /** Prefix of the bare encoder's tensors inside models with a head, without the dot (`bert`). */
  prefix: string;
  /** First parts of the names of head tensors, without the prefix (`classifier`, `cls`). */
  heads: readonly string[];
  /** Classes of config.json's `architectures` that it can build. */
  classes: readonly string[];
  /**
   * Emits the graph of `className` for a checkpoint. The builder's type belongs to `@hubfuse/graphs`; this floor only
   * carries it.
   */
  build(builder: unknown, model: { className: string; config: Readonly<Record<string, unknown>> }): void;
}

export function defineArchitecture(architecture: Omit<Architecture, 'kind'>): Architecture {
  return { kind: 'architecture', ...architecture };
}
