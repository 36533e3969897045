import type { Architecture, ModelDescription } from '@hubfuse/plugin';
import type { GraphBuilder } from './graph-builder.ts';

/** An architecture whose `build` is typed; `legacyNames`, `tied` and `buffers` are empty by default. */
export type ArchitectureDefinition = Omit<Architecture, 'kind' | 'build' | 'legacyNames' | 'tied' | 'buffers'> &
  Partial<Pick<Architecture, 'legacyNames' | 'tied' | 'buffers'>> & {
    /** Emits inputs, nodes and outputs; names of both are those that transformers.js uses for the class. */
    build(builder: GraphBuilder, model: ModelDescription): void;
  };

/** Fills in `kind` and the defaults, and checks the types. */
export function defineArchitecture(definition: ArchitectureDefinition): Architecture {
  return {
    legacyNames: [],
    tied: {},
    buffers: [],
    ...definition,
    kind: 'architecture',
    build: (builder, model) => definition.build(builder as GraphBuilder, model),
  };
}
