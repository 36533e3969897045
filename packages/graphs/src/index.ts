export { attentionHeads } from './attention-heads.ts';
export { type ActivationName, activation, activationName, configuredActivation } from './blocks/activation.ts';
export { attention } from './blocks/attention.ts';
export { attentionBias } from './blocks/attention-mask.ts';
export { embedding, firstPositions } from './blocks/embedding.ts';
export {
  encoderOutputs,
  type MaskedLmHead,
  maskedLmLogits,
  pooledFirstToken,
  sequenceLogits,
  tokenLogits,
} from './blocks/heads.ts';
export { layerNorm } from './blocks/layer-norm.ts';
export { linear } from './blocks/linear.ts';
export { type Encoded, firstTokenOf, type Readout, readoutOf, Sequence } from './blocks/sequence.ts';
export { tokenInputs, tokenTypeInput } from './blocks/token-inputs.ts';
export {
  type BuildGraphOptions,
  buildGraph,
  type GraphOptions,
  type WeightLocation,
} from './build-graph.ts';
export { type CheckGraphOptions, checkGraph, type GraphCheck, type GraphDifference } from './check-graph.ts';
export { type ArchitectureDefinition, defineArchitecture } from './define-architecture.ts';
export { encodeModelBytes } from './encode-model.ts';
export { type ExportedFile, type ExportOnnxOptions, exportOnnx, type OnnxExport } from './export-onnx.ts';
export { declaredClass, findArchitecture } from './find-architecture.ts';
export { type DifferentiableTensor, findDifferentiable } from './gradients/find-differentiable.ts';
export { type GradientOptions, type GradientOutput, gradientOutput } from './gradients/graph-with-gradients.ts';
export { LABELS_INPUT, LIKELIHOODS, type Likelihood, readsLabels, WEIGHTS_INPUT } from './gradients/likelihood.ts';
export { type OperatorRules, operatorRules } from './gradients/rules.ts';
export { type Attributes, GraphBuilder, type Value } from './graph-builder.ts';
export { graphOverFiles, type OpenableGraph } from './graph-over-files.ts';
export { ModelConfig } from './model-config.ts';
export {
  type AttributeValue,
  ELEMENT_BYTES,
  ElementType,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
  type TensorData,
} from './onnx-model.ts';
export { parseOnnx, readOnnx } from './parse-onnx.ts';
export { registerArchitectures } from './register.ts';
export { type GraphRun, type GraphTensor, runGraph } from './run-graph.ts';
export { openScratchWeights, type ScratchWeights, type ScratchWeightsOptions } from './scratch-weights.ts';
export { estimateSessionMemory } from './session-memory.ts';
export { findTaps } from './taps/find-taps.ts';
export { type PaddingRule, type Tap, type TapOptions, type TapOutput, tapOutputs } from './taps/taps.ts';
