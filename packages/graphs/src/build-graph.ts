import type { Registry } from '@hubfuse/plugin';
import type { StoredTensor } from '@hubfuse/tensors';
import { encodeModelBytes } from './encode-model.ts';
import { selectClass } from './find-architecture.ts';
import { type GradientOptions, graphWithGradients } from './gradients/graph-with-gradients.ts';
import { GraphBuilder, storedElementType, type WeightData } from './graph-builder.ts';
import type { OnnxGraph, OnnxModel } from './onnx-model.ts';
import { graphWithTaps } from './taps/emit-taps.ts';
import type { TapOptions } from './taps/taps.ts';
import { Weights } from './weights.ts';

/**
 * Opset 20 brings Gelu; LayerNormalization is there since 17. Later ones would shut out runtimes in browsers for nothing.
 */
const OPSET = 20;
/** The IR version that belongs to opset 20 (ONNX 1.15). */
const IR_VERSION = 9;

export interface GraphOptions {
  /** config.json as it stands. */
  config: Readonly<Record<string, unknown>>;
  /** The model's tensors by stored name, prefixed or not, in current or legacy spelling. */
  tensors: ReadonlyMap<string, StoredTensor>;
  /** Holds the architectures (`registerArchitectures`). */
  registry: Registry;
  /** Class to build; default: the first entry of config.json's `architectures`. */
  className?: string | undefined;
  /**
   * `logits` (default): the outputs of the class, `logits` or `last_hidden_state`. `hidden-states`: beside them
   * `hidden_states.<i>`, the embedding output (0) and the output of every layer.
   */
  outputs?: 'logits' | 'hidden-states' | undefined;
  /**
   * Whether linear layers leave out the tokens that `attention_mask` hides: the outputs at those say nothing then, and the others are
   * the same but for rounding. Default: only for taps that leave padding out.
   */
  unpadded?: boolean | undefined;
  /** Second moments of layer inputs as the only outputs (`findTaps`, `tapOutputs`), instead of those above. */
  taps?: TapOptions | undefined;
  /** Gradients of a log-likelihood as the only outputs (`findDifferentiable`, `gradientOutput`), instead of all those. */
  gradients?: GradientOptions | undefined;
}

/** A range of bytes that the session finds under a name: a file beside the model or an entry of `externalData`. */
export interface WeightLocation {
  location: string;
  /** Bytes before the tensor. */
  offset: number;
}

export interface BuildGraphOptions extends GraphOptions {
  /**
   * Where the session will find a tensor's bytes. Default: the tensor's own file, by its path relative to the folder of
   * the model, at its offset. With `session_options.externalData` any made-up name does.
   */
  locate?: ((tensor: StoredTensor) => WeightLocation) | undefined;
}

/**
 * Builds the ONNX graph of a model whose weights stay where they are: the initializers are external data inside the
 * safetensors file. onnxruntime opens the result as bytes with the session option
 * `extra.session.model_external_initializers_file_folder_path` set to the folder of the weights, or as a file beside
 * them.
 * @returns an encoded ModelProto of some kilobytes
 * @throws GraphError where the architecture, the class, a value of the config or a tensor is not supported
 */
export function buildGraph(options: BuildGraphOptions): Uint8Array {
  const locate = options.locate ?? ((tensor) => ({ location: tensor.file, offset: tensor.offset }));
  return encodeModelBytes(
    composeModel(options, (tensor) => ({
      elementType: storedElementType(tensor),
      data: { kind: 'external', ...locate(tensor), length: tensor.bytes },
    })),
  );
}

/** The model as plain values, each weight's elements where `place` says. */
export function composeModel(options: GraphOptions, place: (tensor: StoredTensor) => WeightData): OnnxModel {
  const builder = composeGraph(options, place);
  return {
    irVersion: IR_VERSION,
    producer: 'hubfuse',
    producerVersion: '',
    opsets: [{ domain: '', version: OPSET }],
    graph: outputsOf(builder, options),
    metadata: new Map(),
  };
}

/** The builder that holds the graph of the model's class. */
export function composeGraph(options: GraphOptions, place: (tensor: StoredTensor) => WeightData): GraphBuilder {
  const { architecture, model } = selectClass(options);
  const builder = new GraphBuilder({
    name: model.className,
    weights: new Weights(options.tensors.values(), architecture),
    place,
    hiddenStates: options.outputs === 'hidden-states',
    everyToken: options.outputs === 'hidden-states' || options.taps !== undefined,
    unpadded: options.unpadded ?? options.taps?.padding === 'mask',
  });
  architecture.build(builder, model);
  return builder;
}

function outputsOf(builder: GraphBuilder, { taps, gradients }: GraphOptions): OnnxGraph {
  if (taps !== undefined) return graphWithTaps(builder, taps);
  return gradients === undefined ? builder.finish() : graphWithGradients(builder, gradients);
}
