export type { GateComparisonResult, GateDifference, GateResult, GateSide, GateValues } from './evaluate-gate.ts';
export { evaluateGate } from './evaluate-gate.ts';
export type { Gate, GateComparison, GateCondition, GateName, GateNumber, GatePair } from './gate.ts';
export { GATE_NAMES, gatePairs } from './gate.ts';
export { isAddress } from './hub-address.ts';
export { GateError, parseGate } from './parse-gate.ts';
export type { ParseRecipeOptions } from './parse-recipe.ts';
export { parseRecipe } from './parse-recipe.ts';
export type { ComputeSection } from './read-compute.ts';
export type {
  Calibration,
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
  StatisticsFile,
  TriggerSection,
} from './recipe.ts';
export { recipeError } from './recipe-error.ts';
export type {
  DatasetReference,
  FolderReference,
  HubDatasetReference,
  HubModelReference,
  ModelReference,
  ReferenceOptions,
} from './reference.ts';
export { parseDatasetReference, parseModelReference, sameModel } from './reference.ts';
export type { BaseProposal } from './require-base.ts';
export { requireBase } from './require-base.ts';
export type { TensorOwner, TensorPlace } from './resolve-parameters.ts';
export { methodOptions, resolveParameters } from './resolve-parameters.ts';
export { type RunLimits, stricterLimits } from './run-limits.ts';
export type { JsonSchema } from './schema.ts';
export { recipeSchema } from './schema.ts';
export type {
  EvolveMode,
  EvolveReference,
  EvolveSection,
  RefreshedStatistics,
  SearchBudget,
  SearchedParameter,
  SearchSection,
} from './search-section.ts';
export { recipeAt, type SearchDimension, searchSpace } from './search-space.ts';
export type { FilteredSetting, PlainSetting, Setting, Settings } from './setting.ts';
export { layerDepth, parameterValue } from './setting.ts';
