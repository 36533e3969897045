import { MergeError, type ModelStatistics, type StatisticRequest, type StoredStatistic } from '@hubfuse/plugin';
import { elementCount } from '@hubfuse/tensors';
import type { PlacedInput } from './merge-input.ts';
import type { PlannedStatistics, StatisticPart, TensorPart } from './merge-plan.ts';
import type { Naming } from './naming.ts';

/** A model with the statistics that the method asked for. */
export interface Measured {
  model: PlacedInput;
  statistics: ModelStatistics;
}

/**
 * The models' statistics of the kind that a method reads, in the order of the models.
 * @throws MergeError where a model has none, where they are of another kind, or of layers that the model does not have
 */
export function requireStatistics(options: {
  request: StatisticRequest;
  models: readonly PlacedInput[];
  naming: Naming;
}): Measured[] {
  const { request, models, naming } = options;
  const missing = models.filter(({ statistics }) => statistics === undefined);
  if (missing.length > 0) throw statisticsMissing(missing, request);
  return models.flatMap((model) => {
    const { statistics } = model;
    if (statistics === undefined) return [];
    if (statistics.kind !== request.kind || statistics.variant !== request.variant) {
      throw new MergeError({
        code: 'merge/statistics-kind',
        where: placeOf(statistics),
        message: `${model.source.name} comes with ${statistics.kind} ${statistics.variant} statistics, but ${request.kind} ${request.variant} are needed`,
        hint: `make them: ${commandFor(model, request)}`,
      });
    }
    requireKnownKeys({ model, statistics, naming });
    return [{ model, statistics }];
  });
}

/** What a plan records of them. */
export function plannedStatistics({ model, statistics }: Measured): PlannedStatistics {
  const { kind, variant, source, path, sha256, provenance } = statistics;
  return {
    input: model.index,
    kind,
    variant,
    reference: source.reference,
    name: source.name,
    ...(source.revision === undefined ? {} : { revision: source.revision }),
    path,
    size: source.files.find((file) => file.path === path)?.size ?? 0,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(provenance === undefined ? {} : { provenance }),
  };
}

/**
 * The statistics of one tensor for the models that have it, or undefined where none of them has any.
 * @param options.key the canonical name of a layer (`gram`) or tensor (`fisher`)
 * @throws MergeError where some models have statistics of it and others do not
 */
export function statisticsOf(options: {
  key: string;
  measured: readonly Measured[];
  /** Inputs whose values the method gets, with the parts that hold them. */
  parts: readonly TensorPart[];
}): { parts: StatisticPart[]; stored: StoredStatistic[] } | undefined {
  const { key, measured } = options;
  const found = options.parts.map((part) => {
    const index = measured.findIndex(({ model }) => model.index === part.input);
    const statistics = measured[index]?.statistics;
    const name = statistics?.aliases.get(key) ?? key;
    return { part, index, statistics, name, stored: statistics?.tensors.get(name) };
  });
  if (found.every(({ stored }) => stored === undefined)) return undefined;
  const lacking = found.find(({ stored }) => stored === undefined);
  if (lacking !== undefined) {
    const having = found.find(({ stored }) => stored !== undefined);
    throw new MergeError({
      code: 'merge/statistics-incomplete',
      where: lacking.statistics === undefined ? 'models' : placeOf(lacking.statistics),
      message: `there are no statistics of ${key}, which those of ${having?.statistics?.source.name} have`,
      hint: 'gather the statistics of all models in the same way and with the same version',
    });
  }
  const parts: StatisticPart[] = [];
  const all: StoredStatistic[] = [];
  for (const { part, index, statistics, name, stored } of found) {
    if (stored === undefined || statistics === undefined) continue;
    const samples = statistics.rows.get(key) ?? statistics.rows.get(name);
    const form = statistics.kind === 'fisher' ? 'elements' : stored.shape.length === 1 ? 'triangle' : 'square';
    parts.push({
      input: index,
      name,
      file: stored.file,
      offset: stored.offset,
      dtype: stored.dtype,
      form,
      ...(form === 'elements' && part.rows !== undefined ? { rows: part.rows } : {}),
      ...(samples === undefined ? {} : { samples }),
    });
    all.push(stored);
  }
  return { parts, stored: all };
}

/** @throws MergeError where a statistic is not of the tensor's shape */
export function requireElements(options: {
  name: string;
  shape: readonly number[];
  stored: readonly StoredStatistic[];
}): void {
  for (const { shape, file } of options.stored) {
    if (elementCount(shape) === elementCount(options.shape)) continue;
    throw new MergeError({
      code: 'merge/statistics-shape',
      where: file,
      message: `the statistics of ${options.name} are of shape [${shape.join(', ')}], the tensor of [${options.shape.join(', ')}]`,
      hint: 'the statistics are of another model; gather them anew',
    });
  }
}

/** @throws MergeError where the statistics know a layer that the model does not have */
function requireKnownKeys({ model, statistics, naming }: Measured & { naming: Naming }): void {
  const ending = statistics.kind === 'gram' ? '.weight' : '';
  const names = new Set([...model.checkpoint.tensors.keys()].map((name) => naming.canonical(name)));
  const keys = [...statistics.tensors.keys(), ...statistics.aliases.keys()];
  // A head that is tied to its embeddings is a layer whose weight is not stored.
  const foreign = keys.filter((key) => !names.has(`${key}${ending}`) && naming.tiedTo(`${key}${ending}`) === undefined);
  const [first] = foreign;
  if (first === undefined) return;
  throw new MergeError({
    code: 'merge/statistics-foreign',
    where: placeOf(statistics),
    message: `the statistics have ${first}${foreign.length > 1 ? ` and ${foreign.length - 1} more` : ''}, which ${model.source.name} does not have`,
    hint: 'the statistics are of another model; gather them anew',
  });
}

function statisticsMissing(models: readonly PlacedInput[], request: StatisticRequest): MergeError {
  const names = models.map(({ source }) => source.name);
  return new MergeError({
    code: 'merge/statistics-missing',
    where: 'models',
    message: `the method reads ${request.kind} ${request.variant} statistics, and ${names.join(', ')} ${names.length === 1 ? 'has' : 'have'} none`,
    hint: `give the recipe a calibration, or make them:\n${models.map((model) => `  ${commandFor(model, request)}`).join('\n')}`,
  });
}

function commandFor({ source }: PlacedInput, { kind, variant }: StatisticRequest): string {
  const option = kind === 'gram' ? `--padding ${variant}` : `--variant ${variant}`;
  return `hubfuse stats ${source.reference} --data <dataset> --kind ${kind} ${option}`;
}

function placeOf({ source, path }: ModelStatistics): string {
  return `${source.name}/${path}`;
}
