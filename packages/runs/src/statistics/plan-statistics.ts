import { stat } from 'node:fs/promises';
import type { HubOptions } from '@hubfuse/hub';
import {
  GraphError,
  type ModelStatistics,
  type Registry,
  type StatisticRequest,
  StatisticsError,
} from '@hubfuse/plugin';
import { type Calibration, methodOptions, type Recipe } from '@hubfuse/recipe';
import {
  checkStatistics,
  estimateSeconds,
  estimateTokens,
  expectedShapes,
  findMeasure,
  findShortEntry,
  findStatistics,
  type GatheringLimits,
  type GatheringPlan,
  guessTokens,
  type MeasuredModel,
  planGathering,
  plannedLayout,
  type StatisticsSubject,
  taskOfModel,
  weightsSha256,
} from '@hubfuse/statistics';
import type { OpenedInput } from '../resolve/open-inputs.ts';
import type { PlanWarning } from '../run-plan.ts';
import { refreshLimits } from '../search/refresh-limits.ts';
import { loadCalibration } from './load-calibration.ts';
import { openNamedStatistics, pinStatistics } from './open-statistics.ts';
import { pinCalibration } from './pin-calibration.ts';
import type { PinnedCalibration, PlannedGathering, PlannedModelStatistics } from './statistics-plan.ts';

export interface StatisticsPlan {
  /** By model, in the order of the recipe; absent where a model has none and the recipe gives no data. */
  planned: readonly (PlannedModelStatistics | undefined)[];
  /** What the merge is planned with, in the same order. */
  statistics: readonly (ModelStatistics | undefined)[];
  warnings: readonly PlanWarning[];
}

interface PlanContext {
  recipe: Recipe;
  workingDirectory: string;
  hub: HubOptions;
  registry: Registry;
  /** Memory and threads that gathering may take. */
  limits?: GatheringLimits | undefined;
}

/**
 * Finds the statistics that a recipe's method reads, or plans to gather them, from headers alone. Undefined for a method
 * that reads none.
 * @throws StatisticsError where statistics were found or named that do not belong to the model
 */
export async function planStatistics(
  inputs: readonly OpenedInput[],
  context: PlanContext,
): Promise<StatisticsPlan | undefined> {
  const request = requestOf(context);
  if (request === undefined) return undefined;
  const models = inputs.filter(({ role }) => role === 'model');
  const found = await Promise.all(models.map((input) => planOne(input, request, context)));
  return {
    planned: found.map((one) => one?.planned),
    statistics: found.map((one) => one?.statistics),
    warnings: found.flatMap((one) => one?.warnings ?? []),
  };
}

/** The statistics that the recipe's method reads with the recipe's parameters. */
export function requestOf({
  recipe,
  registry,
}: Pick<PlanContext, 'recipe' | 'registry'>): StatisticRequest | undefined {
  const method = registry.get('method', recipe.method);
  return method.statistics?.(methodOptions({ recipe, method }));
}

interface PlannedOne {
  planned: PlannedModelStatistics;
  statistics: ModelStatistics;
  warnings: PlanWarning[];
}

async function planOne(
  input: OpenedInput,
  request: StatisticRequest,
  context: PlanContext,
): Promise<PlannedOne | undefined> {
  const { entry, source } = input;
  const { statistics: named, calibration } = entry;
  const { workingDirectory, hub } = context;
  const statistics =
    named === undefined
      ? await findStatistics(source, request)
      : await openNamedStatistics({ named, request, workingDirectory, hub });
  if (statistics === undefined && calibration === undefined) return undefined;
  const subject = await subjectOf(input, request, context.registry);
  const { model, modelSha256 } = subject;
  const warnings: PlanWarning[] = [];
  if (statistics !== undefined) {
    const type = named?.kind === 'hub' ? named.type : 'model';
    try {
      checkStatistics(statistics, subject);
      const found = pinStatistics(statistics, type);
      const refresh = await planToRefresh({ input, request, calibration, context });
      return { planned: { request, model, modelSha256, found, ...refresh }, statistics, warnings };
    } catch (error) {
      // What a repository happens to hold may be outdated; what the recipe names must be right.
      if (named !== undefined || calibration === undefined || !(error instanceof StatisticsError)) throw error;
      const message = `${error.summary}: gathered anew on the recipe's data`;
      warnings.push({ code: 'statistics/outdated', message });
    }
  }
  if (calibration === undefined) return undefined;
  const { layout, ...gather } = await planToGather({ input, request, calibration, context });
  const refresh = await planToRefresh({ input, request, calibration, context });
  warnings.push(...warnOfFewRows(layout, calibration));
  return { planned: { request, model, modelSha256, gather, ...refresh }, statistics: layout, warnings };
}

/** Rows are known when they have been gathered: an estimate that is too low is no reason to refuse, but one to look. */
function warnOfFewRows(layout: ModelStatistics, { path }: Calibration): PlanWarning[] {
  const found = findShortEntry(layout);
  if (found === undefined) return [];
  const { key, rows, needed } = found;
  const message = `"${key}" of ${layout.source.name} will be the mean of some ${rows} rows, and a merge is refused below ${needed}: take more examples`;
  return [{ code: 'statistics/few-rows', message, where: path }];
}

/** What gathering anew takes for a model that evolution has changed, where the recipe wants that. */
async function planToRefresh(options: {
  input: OpenedInput;
  request: StatisticRequest;
  calibration: Calibration | undefined;
  context: PlanContext;
}): Promise<Pick<PlannedModelStatistics, 'refresh'>> {
  const { calibration, context } = options;
  if (calibration === undefined || context.recipe.evolve?.refresh === undefined) return {};
  const limits = refreshLimits(context.limits ?? {});
  const { layout: _, ...refresh } = await planToGather({ ...options, calibration, context: { ...context, limits } });
  return { refresh };
}

async function subjectOf(
  input: OpenedInput,
  request: StatisticRequest,
  registry: Registry,
): Promise<StatisticsSubject> {
  const { source, checkpoint } = input;
  const modelSha256 = await weightsSha256({ source, files: checkpoint.files });
  const expected = expectedOf(measuredModel(input, registry), request);
  return { model: source.name, modelSha256, ...(expected === undefined ? {} : { expected }) };
}

/** Undefined where there is no graph of the model: its layers are then compared by name, when the merge is planned. */
function expectedOf(model: MeasuredModel, request: StatisticRequest): StatisticsSubject['expected'] {
  try {
    const { measure } = findMeasure(request);
    return expectedShapes(measure.measure(model, request), request.kind);
  } catch (error) {
    if (error instanceof GraphError) return undefined;
    throw error;
  }
}

function measuredModel({ source, checkpoint, inspection }: OpenedInput, registry: Registry): MeasuredModel {
  return {
    name: source.name,
    folder: source.folder ?? '',
    config: inspection.config ?? {},
    tensors: checkpoint.tensors,
    registry,
  };
}

async function planToGather(options: {
  input: OpenedInput;
  request: StatisticRequest;
  calibration: Calibration;
  context: PlanContext;
}): Promise<PlannedGathering & { layout: ModelStatistics }> {
  const { input, request, calibration, context } = options;
  const model = measuredModel(input, context.registry);
  const { measure } = findMeasure(request);
  const plan = planGathering({
    model,
    measure,
    request,
    limits: { ...context.limits, maxLength: calibration.maxLength },
  });
  const data = await pinCalibration({ calibration, ...context });
  const task = calibration.task ?? context.recipe.evaluate?.task ?? taskOfModel(model);
  const tokens = await tokensOf({ calibration, data, task, registry: context.registry });
  const isSelection = calibration.split !== undefined || calibration.limit !== undefined;
  return {
    data,
    task,
    passes: plan.passes.length,
    memoryBytes: plan.peakBytes,
    fileBytes: plan.fileBytes,
    diskBytes: plan.diskBytes,
    tokens,
    seconds: estimateSeconds(plan, tokens),
    ...(data.kind === 'hub' && isSelection ? { isUpperBound: true as const } : {}),
    layout: expectedStatistics(plan, input, tokens),
  };
}

/** Reads local examples, as gathering will: what is wrong with them is known before the merge. */
async function tokensOf(options: {
  calibration: Calibration;
  data: PinnedCalibration;
  task: string;
  registry: Registry;
}): Promise<number> {
  const { calibration, data, task, registry } = options;
  if (data.kind === 'hub') return guessTokens(data.size, calibration);
  const { examples } = await loadCalibration({ calibration, data, file: data.path, task, registry });
  return estimateTokens(examples);
}

/** What will be gathered, as if it stood in a file: enough for the fate of every tensor. Places come with the file. */
function expectedStatistics(plan: GatheringPlan, { source }: OpenedInput, rows: number): ModelStatistics {
  const layout = plannedLayout(plan);
  const file = '(to be gathered)';
  const tensors = [...layout.tensors].map(
    ([name, shape]) => [name, { ...shape, name, file, offset: 0, bytes: 0 }] as const,
  );
  return {
    ...layout,
    source,
    path: file,
    tensors: new Map(tensors),
    rows: new Map(tensors.map(([name]) => [name, rows])),
  };
}

/** Whether a file of a plan still has the size that it had. */
export async function hasSize(path: string, size: number): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.size === size;
}
