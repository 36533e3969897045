export {
  type BuildGraphOptions,
  buildGraph,
  type GraphOptions,
  type WeightLocation,
} from './build-graph.ts';
export { type ArchitectureDefinition, defineArchitecture } from './define-architecture.ts';
export { encodeModelBytes } from './encode-model.ts';
export { declaredClass, findArchitecture } from './find-architecture.ts';
export { type Attributes, GraphBuilder, type Value } from './graph-builder.ts';
export * from './onnx-model.ts';
export { registerArchitectures } from './register.ts';
