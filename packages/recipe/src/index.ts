export type { Gate, GateCondition, GateNumber } from './gate.ts';
export { GATE_NAMES } from './gate.ts';
export type {
  DataFile,
  DatasetEntry,
  EvaluateSection,
  HubTarget,
  ModelEntry,
  OutputDType,
  Position,
  PublishSection,
  Recipe,
  RecipeSource,
  RecipeWarning,
} from './recipe.ts';
export type {
  DatasetReference,
  FolderReference,
  HubDatasetReference,
  HubModelReference,
  ModelReference,
  ReferenceOptions,
} from './reference.ts';
export { parseDatasetReference, parseModelReference, sameModel } from './reference.ts';
export type { FilteredSetting, PlainSetting, Setting, Settings } from './setting.ts';
export { layerDepth, parameterValue } from './setting.ts';
