export { type ActiveRun, activeRuns } from './active-runs.ts';
export { cancelRun } from './cancel-run.ts';
export { type HelpEnd, type HelpOptions, helpRun, type SharedExecution } from './children/help-run.ts';
export { isDivisibleRun } from './children/is-divisible-run.ts';
export type { Children } from './children/lead-children.ts';
export {
  type Candidate,
  type Choice,
  type CompareOptions,
  type Comparison,
  compareMethods,
} from './compare-methods.ts';
export { type CostEstimate, type CostItem, estimateCost } from './cost/estimate-cost.ts';
export {
  estimateTime,
  matrixElements,
  mergeTime,
  type PhaseTime,
  SHARE_SPREAD,
  type TimedPlan,
  type TimeEstimate,
} from './cost/estimate-time.ts';
export type { Range } from './cost/range.ts';
export { type RunCost, usdPerSecond } from './cost/spending.ts';
export { withEstimates } from './cost/with-estimates.ts';
export { type CreatedRun, createRun, type RunCreation, runIdOf } from './create-run.ts';
export { type DeleteOptions, deleteRun } from './delete-run.ts';
export { readEvents } from './event-log.ts';
export { comeToRest } from './execute-phases.ts';
export { executeRun } from './execute-run.ts';
export type { ExecutionOptions, WorkerCommand } from './execution.ts';
export { launchRun } from './launch-run.ts';
export { registerLaunchers } from './launchers.ts';
export { checkExpectedCost } from './limits/usd-limit.ts';
export { listRunPage, type RunFilter, type RunPage } from './list-run-page.ts';
export { materializeModel } from './materialize-model.ts';
export { PHASES, type PhaseName } from './phase.ts';
export { pruneRuns } from './prune-runs.ts';
export { keptFiles } from './publication/kept-files.ts';
export {
  announcedPublications,
  announcePublication,
  findPublication,
  type KnownPublication,
  listPublications,
  notePublication,
} from './publication/known-publications.ts';
export { publishRun } from './publish-run.ts';
export { listRuns, type RunRecord, readRun } from './read-run.ts';
export { readRunSpec, readRunState } from './read-run-state.ts';
export { refuseRun } from './refuse-run.ts';
export type {
  Difference,
  GateReport,
  Published,
  RunReport,
  ScoreColumn,
  ScoreRole,
  ScoreRow,
  ScoreTable,
  SplitScores,
} from './report.ts';
export { type ReproducedFile, type ReproduceOptions, type Reproduction, reproduce } from './reproduce.ts';
export { makePlan } from './resolve/make-plan.ts';
export { retryRun } from './retry-run.ts';
export type {
  Artefact,
  KeptFile,
  PhaseState,
  RunOptions,
  RunOwner,
  RunSpec,
  RunState,
  RunStatus,
  RunSummary,
  StoredError,
} from './run.ts';
export type { RunEvent, RunEventBody, RunProgress } from './run-event.ts';
export { rebuildIndex } from './run-index/rebuild-index.ts';
export { COMMAND_ORIGIN, type RunAncestor, type RunOrigin, type RunTrigger } from './run-origin.ts';
export type { PinnedData, PinnedModel, PinnedSource, RunPlan } from './run-plan.ts';
export { runVersion } from './run-version.ts';
export type { SearchSize } from './search/search-size.ts';
export type { SearchSummary } from './search/search-summary.ts';
export { isActive, STATE_WORDS, type StateWord, stateOf } from './state-word.ts';
