import type { ModelSource } from '@hubfuse/plugin';

/** What is known about a model before any weight is read. */
export interface Inspection {
  source: ModelSource;
  /** Contents of config.json; undefined where there is none. */
  config: Readonly<Record<string, unknown>> | undefined;
  card: CardMetadata;
  /** The safetensors files at the root that make the model, in order. */
  weights: readonly string[];
  findings: readonly InspectionFinding[];
}

export interface InspectionFinding {
  /** `refuse`: it cannot be merged. */
  severity: 'refuse' | 'warning';
  /** `hub/pickle-only`, `hub/quantised`, `hub/adapter-only`, `hub/no-weights`, `hub/no-config`, ... */
  code: string;
  message: string;
  hint?: string;
}

/** The parts of a model card's front matter that hubfuse reads. */
export interface CardMetadata {
  licence?: string;
  licenceName?: string;
  licenceLink?: string;
  baseModels: readonly string[];
  baseModelRelation?: string;
  pipelineTag?: string;
  libraryName?: string;
  languages: readonly string[];
  datasets: readonly string[];
  tags: readonly string[];
}
